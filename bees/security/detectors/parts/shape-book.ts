import type { Flow, Node } from '../flow.ts'

/**
 * How unlike the last `length` numbers are to the nearest of `entries` remembered shapes (root mean square difference). A
 * shape that is further from all than the usual distance takes the place of the entry that matched longest ago, so rare
 * shapes are remembered far longer than a sliding window could.
 */
export function shapeBook(flow: Flow, input: Node, length = 8, entries = 128, stride = 1): Node {
  return flow.node(`book(${input.key},${length},${entries},${stride})`, () => {
    const past = flow.memory.take(length * stride)
    const book = flow.memory.take(entries * length)
    const matchedAt = flow.memory.take(entries, -1)
    const usual = flow.memory.takeDouble(1)
    return () => {
      const { index } = flow.arrival
      past.copyWithin(1, 0, length * stride - 1)
      past[0] = input.value
      if (index + 1 < length * stride) return 0
      let [best, nearest, oldest] = [Number.POSITIVE_INFINITY, -1, 0]
      for (let entry = 0; entry < entries; entry++) {
        const seen = matchedAt[entry] ?? -1
        if (seen < (matchedAt[oldest] ?? -1)) oldest = entry
        if (seen < 0) continue
        let sum = 0
        for (let back = 0; back < length && sum < best; back++) {
          const off = (book[entry * length + back] ?? 0) - (past[back * stride] ?? 0)
          sum += off * off
        }
        if (sum < best) {
          best = sum
          nearest = entry
        }
      }
      const distance = nearest < 0 ? 0 : Math.sqrt(best / length)
      const usually = usual[0] ?? 0
      if (nearest < 0 || distance > usually) {
        for (let back = 0; back < length; back++) book[oldest * length + back] = past[back * stride] ?? 0
        matchedAt[oldest] = index
      } else matchedAt[nearest] = index
      // A median by small steps: up when above, down when below, in proportion to itself.
      if (usually === 0) usual[0] = distance
      else usual[0] = distance > usually ? usually * 1.02 : usually / 1.005
      return Math.fround(distance)
    }
  })
}

import type { Flow, Node } from '../flow.ts'
import { ring } from './basics.ts'

/**
 * How unlike the last `length` numbers are to the nearest stretch of that length among the last `stored`: root mean square
 * difference. Stretches that overlap the newest do not count.
 */
export function nearestShape(flow: Flow, input: Node, length = 8, stored = 500): Node {
  const { values, filled } = ring(flow, input, stored)
  return flow.node(`nearest(${input.key},${length},${stored})`, () => {
    const shape = new Float64Array(length)
    return () => {
      const count = filled()
      if (count < 3 * length) return 0
      const newest = flow.arrival.index % stored
      for (let back = 0; back < length; back++) shape[back] = values[(newest - back + stored) % stored] ?? 0
      let best = Number.POSITIVE_INFINITY
      // A stretch that ends `lag` points ago.
      for (let lag = length; lag + length <= count; lag++) {
        let sum = 0
        let at = newest - lag
        if (at < 0) at += stored
        for (let back = 0; back < length && sum < best; back++) {
          const off = (values[at] ?? 0) - (shape[back] ?? 0)
          sum += off * off
          at = at === 0 ? stored - 1 : at - 1
        }
        if (sum < best) best = sum
      }
      return Math.fround(Math.sqrt(best / length))
    }
  })
}

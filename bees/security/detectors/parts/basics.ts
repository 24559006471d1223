import type { Flow, Node } from '../flow.ts'

/** The value itself (first value of the stream = 0). */
export function level(flow: Flow): Node {
  return flow.node('level', () => () => flow.arrival.value)
}

/** One number minus another. */
export function difference(flow: Flow, a: Node, b: Node): Node {
  return flow.node(`${a.key}-${b.key}`, () => () => a.value - b.value)
}

export function absolute(flow: Flow, input: Node): Node {
  return flow.node(`abs(${input.key})`, () => () => Math.abs(input.value))
}

/** The change since the point before. */
export function change(flow: Flow, input: Node): Node {
  return flow.node(`change(${input.key})`, () => {
    const last = flow.memory.take(1)
    return () => {
      const delta = flow.arrival.index === 0 ? 0 : input.value - (last[0] ?? 0)
      last[0] = input.value
      return delta
    }
  })
}

/** What an exponentially weighted mean (1/n at first) expected, before it learns the point. */
export function forecast(flow: Flow, input: Node, memoryPoints: number): Node {
  return flow.node(`forecast(${input.key},${memoryPoints})`, () => {
    const mean = flow.memory.take(1)
    return () => {
      const before = flow.arrival.index === 0 ? input.value : (mean[0] ?? 0)
      mean[0] = before + (input.value - before) / Math.min(flow.arrival.index + 1, memoryPoints)
      return before
    }
  })
}

/** The last `length` numbers, oldest overwritten. `fresh` is how many there are. */
export interface Ring {
  readonly node: Node
  readonly values: Float32Array
  readonly filled: () => number
  /** Where the newest lies. */
  readonly head: () => number
}

const rings = new WeakMap<Flow, Map<string, Ring>>()

export function ring(flow: Flow, input: Node, length: number): Ring {
  const key = `ring(${input.key},${length})`
  const known = rings.get(flow)?.get(key)
  if (known) return known
  const values = flow.memory.take(length)
  const node = flow.node(key, () => () => {
    values[flow.arrival.index % length] = input.value
    return 0
  })
  const made = {
    node,
    values,
    filled: () => Math.min(flow.arrival.index + 1, length),
    head: () => flow.arrival.index % length,
  }
  rings.set(flow, (rings.get(flow) ?? new Map<string, Ring>()).set(key, made))
  return made
}

/** Mean of the last `length` numbers. Summed anew each time: a running sum would drift. */
export function movingMean(flow: Flow, input: Node, length: number): Node {
  const { values, filled } = ring(flow, input, length)
  return flow.node(`mean(${input.key},${length})`, () => () => {
    const count = filled()
    let sum = 0
    for (let index = 0; index < count; index++) sum += values[index] ?? 0
    return Math.fround(sum / count)
  })
}

/** Standard deviation of the last `length` numbers. */
export function movingSpread(flow: Flow, input: Node, length: number): Node {
  const mean = movingMean(flow, input, length)
  const { values, filled } = ring(flow, input, length)
  return flow.node(`spread(${input.key},${length})`, () => () => {
    const count = filled()
    let sum = 0
    for (let index = 0; index < count; index++) sum += ((values[index] ?? 0) - mean.value) ** 2
    return Math.fround(Math.sqrt(sum / count))
  })
}

/** Median of the last `length` numbers (odd). */
export function movingMedian(flow: Flow, input: Node, length: number): Node {
  const { values, filled } = ring(flow, input, length)
  return flow.node(`median(${input.key},${length})`, () => {
    // Not state: scratch for sorting.
    const sorted = new Float32Array(length)
    return () => {
      const count = filled()
      for (let index = 0; index < count; index++) {
        const x = values[index] ?? 0
        let at = index
        while (at > 0 && (sorted[at - 1] ?? 0) > x) {
          sorted[at] = sorted[at - 1] ?? 0
          at--
        }
        sorted[at] = x
      }
      return sorted[count >> 1] ?? 0
    }
  })
}

/** Distance from the mean in standard deviations, both over about `memoryPoints`, taken before they learn the point; within ±20. */
export function standardised(flow: Flow, input: Node, memoryPoints: number): Node {
  return flow.node(`z(${input.key},${memoryPoints})`, () => {
    const moments = flow.memory.takeDouble(2)
    return () => {
      const { index } = flow.arrival
      const [mean = 0, variance = 0] = moments
      const off = index === 0 ? 0 : input.value - mean
      const scale = Math.sqrt(variance)
      const weight = 1 / Math.min(index + 1, memoryPoints)
      moments[0] = index === 0 ? input.value : mean + off * weight
      moments[1] = (1 - weight) * (variance + weight * off * off)
      if (off === 0) return 0
      return scale > 0 ? Math.max(-20, Math.min(20, off / scale)) : Math.sign(off) * 20
    }
  })
}

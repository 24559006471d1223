import type { Flow, Node } from '../flow.ts'
import { ring } from './basics.ts'

const edges = [-1.5, -0.9, -0.4, 0, 0.4, 0.9, 1.5]
const bins = edges.length + 1

/**
 * How unlike the last `recent` points are to the long run: Jensen-Shannon divergence (0..1, bits) of two histograms over 8
 * bins of a standardised number; the long run fades with `memoryPoints`.
 */
export function divergence(flow: Flow, input: Node, recent = 50, memoryPoints = 2000): Node {
  const bin = flow.node(
    `bin(${input.key})`,
    () => () => edges.reduce((at, edge) => (input.value > edge ? at + 1 : at), 0),
  )
  const last = ring(flow, bin, recent)
  return flow.node(`divergence(${input.key},${recent},${memoryPoints})`, () => {
    const long = flow.memory.take(bins)
    const short = new Float64Array(bins)
    return () => {
      const weight = 1 / Math.min(flow.arrival.index + 1, memoryPoints)
      for (let index = 0; index < bins; index++) {
        const had = long[index] ?? 0
        long[index] = had + ((index === bin.value ? 1 : 0) - had) * weight
      }
      short.fill(0)
      const count = last.filled()
      for (let index = 0; index < count; index++) {
        const at = last.values[index] ?? 0
        short[at] = (short[at] ?? 0) + 1 / count
      }
      let sum = 0
      for (let index = 0; index < bins; index++) {
        const [p, q] = [short[index] ?? 0, long[index] ?? 0]
        const middle = (p + q) / 2
        if (p > 0) sum += (p / 2) * Math.log2(p / middle)
        if (q > 0) sum += (q / 2) * Math.log2(q / middle)
      }
      return Math.fround(Math.max(0, sum))
    }
  })
}

import type { Flow, Node } from '../../../bees/security/detectors/parts/index.ts'
import { movingMean } from '../../../bees/security/detectors/parts/index.ts'

/** -log10 of the upper tail of a normal distribution at z. */
export function normalTail(z: number): number {
  if (z <= 0) return 0.30103
  // Asymptotic enough for evidence: within 0.01 of the true value everywhere (Karagiannidis and Lioumpas 2007).
  const tail = ((1 - Math.exp(-1.4 * (z / Math.SQRT2))) * Math.exp((-z * z) / 2)) / (1.135 * Math.sqrt(2 * Math.PI) * z)
  return Math.min(20, -Math.log10(Math.max(tail, 1e-20)))
}

/** Is the mean of the last `recent` numbers high against their long run (mean and spread over `memoryPoints`)? -log10 of that tail. */
export function likelihood(flow: Flow, input: Node, recent = 10, memoryPoints = 4000): Node {
  const short = movingMean(flow, input, recent)
  return flow.node(`likelihood(${input.key},${recent},${memoryPoints})`, () => {
    const moments = flow.memory.takeDouble(2)
    return () => {
      const { index } = flow.arrival
      const [mean = 0, variance = 0] = moments
      const weight = 1 / Math.min(index + 1, memoryPoints)
      const off = input.value - mean
      moments[0] = mean + off * weight
      moments[1] = (1 - weight) * (variance + weight * off * off)
      const scale = Math.sqrt(variance)
      return scale > 0 ? normalTail((short.value - mean) / scale) : 0
    }
  })
}

import type { Flow, Node } from '../flow.ts'

const bins = 128
const lowestExponent = -24

/**
 * How rare a magnitude is in its own stream, as -log10 of the share of earlier points that reached it. Kept as counts in
 * half-octave bins; old counts fade with the half-life (points).
 */
export function tailHistogram(flow: Flow, input: Node, halfLifePoints = 20_000): Node {
  return flow.node(`tail(${input.key},${halfLifePoints})`, () => {
    const counts = flow.memory.take(bins)
    const total = flow.memory.take(2)
    const growth = 2 ** (1 / halfLifePoints)
    return () => {
      const size = Math.abs(input.value)
      const place = size > 0 ? Math.max(0, Math.min(bins - 1e-6, (Math.log2(size) - lowestExponent) * 2)) : 0
      const bin = Math.floor(place)
      let above = (counts[bin] ?? 0) * (1 - (place - bin))
      for (let index = bin + 1; index < bins; index++) above += counts[index] ?? 0
      const [sum = 0, held = 0] = total
      // Newer points weigh more; when the weight has grown by 2^10 all are scaled down.
      const weight = held === 0 ? 1 : held
      const rarity = -Math.log10((above + 0.5 * weight) / (sum + weight))
      counts[bin] = (counts[bin] ?? 0) + weight
      total[0] = sum + weight
      const next = weight * growth
      if (next > 1024) {
        for (let index = 0; index < bins; index++) counts[index] = (counts[index] ?? 0) / next
        total[0] = (total[0] ?? 0) / next
        total[1] = 1
      } else total[1] = next
      return rarity
    }
  })
}

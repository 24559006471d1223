import type { Flow, Node } from '../flow.ts'

/**
 * How far a number lies outside everything seen before, in units of the range seen: 0 inside, 0.1 a tenth of the range
 * outside, at most 10. With a half-life (points) both bounds creep to the middle, so that old extremes are forgotten.
 */
export function rangeNovelty(flow: Flow, input: Node, halfLifePoints = Number.POSITIVE_INFINITY): Node {
  return flow.node(`range(${input.key},${halfLifePoints})`, () => {
    const bounds = flow.memory.take(3)
    const creep = Math.LN2 / halfLifePoints
    return () => {
      const x = input.value
      const [low = 0, high = 0, seen = 0] = bounds
      if (seen === 0) {
        bounds[0] = bounds[1] = x
        bounds[2] = 1
        return 0
      }
      const range = high - low
      const outside = x > high ? x - high : x < low ? low - x : 0
      const pull = (range / 2) * creep
      bounds[0] = Math.min(low + pull, x)
      bounds[1] = Math.max(high - pull, x)
      if (outside === 0) return 0
      return range > 0 ? Math.min(outside / range, 10) : 1
    }
  })
}

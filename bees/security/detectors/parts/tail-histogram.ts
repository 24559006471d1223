import type { Flow, Node } from '../flow.ts'

const bins = 128
const binsPerOctave = 2
/** The first size that is not 0 falls into the middle. */
const octavesBelow = bins / binsPerOctave / 2
const notYet = -1000

export interface TailHistogram {
  /** -log10 of the share of earlier points whose magnitude reached this one's. */
  readonly node: Node
  /** The magnitude that the given share (0..1) of the points so far reaches; 0 when there are none. */
  readonly reachedBy: (share: number) => number
}

/**
 * How rare a magnitude is in its own stream. Kept as counts in half-octave bins (32 octaves to each side of the first
 * magnitude, so the unit of the stream does not matter); old counts fade with the half-life (points).
 */
export function tailHistogram(flow: Flow, input: Node, halfLifePoints = 20_000): TailHistogram {
  const counts = flow.memory.take(bins)
  /** Sum of the counts; weight of the newest point; exponent of the first magnitude. */
  const totals = flow.memory.take(3)
  totals[1] = 1
  totals[2] = notYet
  const growth = 2 ** (1 / halfLifePoints)
  const placeOf = (size: number, unit: number) =>
    size > 0 ? Math.max(0, Math.min(bins - 1e-6, (Math.log2(size) - unit + octavesBelow) * binsPerOctave)) : 0
  const node = flow.node(`tail(${input.key},${halfLifePoints})`, () => () => {
    const size = Math.abs(input.value)
    if (totals[2] === notYet && size > 0) totals[2] = Math.floor(Math.log2(size))
    const [sum = 0, weight = 1, unit = 0] = totals
    const place = placeOf(size, unit)
    const bin = Math.floor(place)
    let above = (counts[bin] ?? 0) * (1 - (place - bin))
    for (let index = bin + 1; index < bins; index++) above += counts[index] ?? 0
    const rarity = -Math.log10((above + 0.5 * weight) / (sum + weight))
    counts[bin] = (counts[bin] ?? 0) + weight
    totals[0] = sum + weight
    // Newer points weigh more instead of older ones less; the scale is set back now and then.
    const next = weight * growth
    if (next > 1024) {
      for (let index = 0; index < bins; index++) counts[index] = (counts[index] ?? 0) / next
      totals[0] = (totals[0] ?? 0) / next
      totals[1] = 1
    } else totals[1] = next
    return rarity
  })
  const reachedBy = (share: number): number => {
    const [sum = 0, , unit = 0] = totals
    let above = 0
    for (let index = bins - 1; index > 0; index--) {
      above += counts[index] ?? 0
      if (above >= share * sum && above > 0) return 2 ** ((index + 1) / binsPerOctave - octavesBelow + unit)
    }
    return 0
  }
  return { node, reachedBy }
}

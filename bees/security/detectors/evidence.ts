/** The tails at which a table gives the value of a signal: 1 in 100 (2), by quarter decades, to 1 in 100 000 (5). */
export const tableTails: readonly number[] = Array.from({ length: 13 }, (_, index) => 2 + index / 4)

/** A signal speaks only about values that are rarer than 1 in 100: its evidence is -log10(tail) - 2. */
const silence = 2

/**
 * Evidence of one signal: how many decades rarer than 1 in 100 its value is, 0..3, between the knots of its table by straight
 * lines. `knots[i]` is the value that a share of 10^-tableTails[i] of all points exceeds, not falling.
 */
export function evidence(value: number, knots: readonly number[]): number {
  const first = knots[0] ?? 0
  if (!(value > first)) return 0
  let at = 1
  while (at < knots.length && value > (knots[at] ?? 0)) at++
  const below = tableTails[at - 1] ?? silence
  if (at === knots.length) return below - silence
  const [low, high] = [knots[at - 1] ?? 0, knots[at] ?? 0]
  return below - silence + ((value - low) / (high - low)) * ((tableTails[at] ?? below) - below)
}

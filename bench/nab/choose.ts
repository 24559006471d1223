import { evidence as evidenceOf, tableTails } from '../../bees/security/detectors/evidence.ts'
import { type Earned, type Evidence, earn, type Ground, rawOf, sum, thresholds } from './alert-sweep.ts'
import { type CostProfile, profiles } from './scorer.ts'
import type { Traces } from './traces.ts'

/** Which files of the corpus (by index) may be looked at. */
export type FileSet = readonly number[]

/** The value that a share of 10^-tail of the scored rows of these files exceeds, for each tail of the tables. No label is read. */
export function learnTable(ground: Ground, values: Float32Array, files: FileSet): readonly number[] {
  const use = new Set(files)
  const positive: number[] = []
  let rows = 0
  for (let row = 0; row < ground.rows; row++) {
    if (ground.window[row] === -2 || !use.has(ground.fileOf[row] ?? -1)) continue
    rows++
    const value = values[row] ?? 0
    if (value > 0) positive.push(value)
  }
  const descending = Float32Array.from(positive).sort().reverse()
  return tableTails.map((tail) => Number((descending[Math.floor(rows * 10 ** -tail)] ?? 0).toPrecision(4)))
}

/** Evidence of a signal at all scored rows. */
export function evidenceAt(ground: Ground, values: Float32Array, knots: readonly number[]): Evidence {
  const rows: number[] = []
  const found: number[] = []
  for (let row = 0; row < ground.rows; row++) {
    const own = ground.window[row] === -2 ? 0 : evidenceOf(values[row] ?? 0, knots)
    if (own > 0) {
      rows.push(row)
      found.push(own)
    }
  }
  return { rows: Int32Array.from(rows), values: Float32Array.from(found) }
}

/** The score 0..100 of these files at each threshold. */
export function scoreCurve(ground: Ground, earned: Earned, files: FileSet, profile: CostProfile): readonly number[] {
  const windows = files.reduce((total, file) => total + (ground.worths[file]?.windowCount ?? 0), 0)
  const never = -profile.fnWeight * windows
  return thresholds.map((_, threshold) => {
    const raw = files.reduce((total, file) => total + rawOf(ground, earned, profile, file, threshold), 0)
    return (100 * (raw - never)) / (windows * profile.tpWeight - never)
  })
}

/** Where the curve, averaged over `reach` neighbours to each side, is highest. */
export function peak(curve: readonly number[], reach: number): { readonly at: number; readonly score: number } {
  let best = { at: -1, score: Number.NEGATIVE_INFINITY }
  for (let at = reach; at < curve.length - reach; at++) {
    const near = curve.slice(at - reach, at + reach + 1)
    const score = near.reduce((total, value) => total + value, 0) / near.length
    if (score > best.score) best = { at, score }
  }
  return best
}

/** How many signals are chosen, and over how many neighbouring thresholds a choice is judged. */
export const choice = { signals: 8, reach: 2 } as const

export interface Chosen {
  readonly signals: readonly number[]
  readonly evidence: Evidence
  readonly earned: Earned
}

/**
 * Chooses signals for these files alone: forwards, one after the other, equal weights, each time the candidate with which the
 * standard score, averaged over five neighbouring thresholds, is highest (a lone lucky threshold should not decide).
 */
export function chooseSignals(ground: Ground, traces: Traces, files: FileSet): Chosen {
  const pool = traces.values.map((values) => evidenceAt(ground, values, learnTable(ground, values, files)))
  let evidence: Evidence = { rows: new Int32Array(), values: new Float32Array() }
  const signals: number[] = []
  while (signals.length < choice.signals) {
    let best = { score: Number.NEGATIVE_INFINITY, candidate: -1 }
    pool.forEach((own, candidate) => {
      if (signals.includes(candidate)) return
      const earned = earn(ground, sum(evidence, own))
      const { score } = peak(scoreCurve(ground, earned, files, profiles[0]), choice.reach)
      if (score > best.score) best = { score, candidate }
    })
    signals.push(best.candidate)
    evidence = sum(evidence, pool[best.candidate] ?? evidence)
  }
  return { signals, evidence, earned: earn(ground, evidence) }
}

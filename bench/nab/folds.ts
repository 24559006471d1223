import { type Earned, type Ground, rawOf } from './alert-sweep.ts'
import { choice, chooseSignals, type FileSet, peak, scoreCurve } from './choose.ts'
import type { NabFile } from './corpus.ts'
import { profiles } from './scorer.ts'
import type { Traces } from './traces.ts'

/** Five folds, dealt round-robin within each folder in file-name order. */
export function fiveFolds(files: readonly NabFile[]): readonly number[] {
  const dealt = new Map<string, number>()
  return files.map(({ folder }) => {
    const next = dealt.get(folder) ?? 0
    dealt.set(folder, next + 1)
    return next % 5
  })
}

/** Five folds, dealt within each folder in an order drawn from the seed: how much does the score owe to the fixed deal? */
export function randomFolds(files: readonly NabFile[], seed: number): readonly number[] {
  let state = seed
  const drawn = files.map((file, index) => {
    // A linear congruential generator (Numerical Recipes) is random enough to deal.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return { folder: file.folder, index, state }
  })
  const folds = new Array<number>(files.length).fill(0)
  const folders = [...new Set(files.map(({ folder }) => folder))]
  folders.forEach((folder, shift) => {
    const own = drawn.filter((file) => file.folder === folder).sort((a, b) => a.state - b.state)
    own.forEach(({ index }, dealt) => {
      folds[index] = (dealt + shift) % 5
    })
  })
  return folds
}

export interface FoldScore {
  readonly group: string
  /** Raw score by profile. */
  readonly raws: readonly number[]
  readonly windows: number
}

/** What was made of the files outside a fold: what it earns everywhere, and its threshold (an index) by profile. */
export interface Learnt {
  readonly earned: Earned
  readonly thresholds: readonly number[]
}

/** 0..100 of some folds together. */
export function normalised(folds: readonly FoldScore[], profile: number): number {
  const windows = folds.reduce((total, fold) => total + fold.windows, 0)
  const never = -(profiles[profile]?.fnWeight ?? 1) * windows
  const raw = folds.reduce((total, fold) => total + (fold.raws[profile] ?? 0), 0)
  return (100 * (raw - never)) / (windows - never)
}

/** Scores by profile where each group of files is judged by what `learn` made of the other files alone. */
export function crossValidate(
  ground: Ground,
  groupOf: readonly (string | number)[],
  learn: (others: FileSet) => Learnt,
): { readonly scores: readonly number[]; readonly folds: readonly FoldScore[] } {
  const folds = [...new Set(groupOf)].map((group) => {
    const mine = groupOf.flatMap((own, file) => (own === group ? [file] : []))
    const { earned, thresholds } = learn(groupOf.flatMap((own, file) => (own === group ? [] : [file])))
    return {
      group: String(group),
      raws: profiles.map((profile, index) =>
        mine.reduce((total, file) => total + rawOf(ground, earned, profile, file, thresholds[index] ?? 0), 0),
      ),
      windows: mine.reduce((total, file) => total + (ground.worths[file]?.windowCount ?? 0), 0),
    }
  })
  return { scores: profiles.map((_, index) => normalised(folds, index)), folds }
}

/** A fixed configuration: only the thresholds are learnt from the other files. */
export function thresholdOnly(ground: Ground, earned: Earned) {
  return (others: FileSet): Learnt => ({ earned, thresholds: bestThresholds(ground, earned, others, 0) })
}

/** Everything is learnt from the other files: tail tables, signals, thresholds. */
export function everything(ground: Ground, traces: Traces) {
  return (others: FileSet): Learnt => {
    const { earned } = chooseSignals(ground, traces, others)
    return { earned, thresholds: bestThresholds(ground, earned, others, choice.reach) }
  }
}

function bestThresholds(ground: Ground, earned: Earned, files: FileSet, reach: number): readonly number[] {
  return profiles.map((profile) => peak(scoreCurve(ground, earned, files, profile), reach).at)
}

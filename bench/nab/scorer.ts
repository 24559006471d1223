import type { NabFile } from './corpus.ts'

/** What a found window, a false row and a missed window are worth (true negatives are worth nothing). */
export interface CostProfile {
  readonly name: 'standard' | 'reward_low_FP_rate' | 'reward_low_FN_rate'
  readonly tpWeight: number
  readonly fpWeight: number
  readonly fnWeight: number
}

export const profiles: readonly [CostProfile, CostProfile, CostProfile] = [
  { name: 'standard', tpWeight: 1, fpWeight: 0.11, fnWeight: 1 },
  { name: 'reward_low_FP_rate', tpWeight: 1, fpWeight: 0.22, fnWeight: 1 },
  { name: 'reward_low_FN_rate', tpWeight: 1, fpWeight: 0.11, fnWeight: 2 },
]

/** What one row is worth when it is flagged, before the weights of a profile. */
export interface RowWorth {
  /** Number of the window in the file, -1 outside windows, -2 in the probation, which is not scored. */
  readonly window: Int16Array
  /** In a window: 0..1, 1 for its first row. Outside: -1..0. */
  readonly worth: Float64Array
  /** Windows with at least one row behind the probation. */
  readonly windowCount: number
}

/** Rows at the start of a file that are not scored: 15 %, at most 750. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750)
}

/** The sigmoid of the benchmark: 0.98661 at -1 (left edge), 0 at 0 (right edge), -1 beyond 3. */
export function positionScore(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}

/**
 * What each row of a file is worth when flagged. Windows are entered at the first row that equals their left edge and left
 * behind the first row that equals their right edge; a repeated time counts by its first row.
 */
export function rowWorths(file: Pick<NabFile, 'timesMs' | 'windows'>): RowWorth {
  const { timesMs, windows } = file
  const rows = timesMs.length
  const probation = probationRows(rows)
  const window = new Int16Array(rows).fill(-1)
  const worth = new Float64Array(rows)
  const best = positionScore(-1)
  const scored = new Set<number>()
  let next = 0
  let open: { readonly endMs: number; readonly right: number; readonly width: number } | undefined
  let past: { readonly right: number; readonly width: number } | undefined
  for (let row = 0; row < rows; row++) {
    const timeMs = timesMs[row] ?? Number.NaN
    const [startMs, endMs] = windows[next] ?? [Number.NaN, Number.NaN]
    if (timeMs === startMs) {
      const right = timesMs.indexOf(endMs)
      open = { endMs, right, width: right - timesMs.indexOf(startMs) + 1 }
      next++
    }
    if (open) {
      window[row] = next - 1
      worth[row] = positionScore(-(open.right - row + 1) / open.width) / best
    } else {
      worth[row] = past ? positionScore(Math.abs(past.right - row) / (past.width - 1)) : -1
    }
    if (row < probation) window[row] = -2
    else if (open) scored.add(next - 1)
    if (open && timeMs === open.endMs) {
      past = { right: row, width: open.width }
      open = undefined
    }
  }
  return { window, worth, windowCount: scored.size }
}

/** Best threshold of a corpus with its raw and normalised score. */
export interface Sweep {
  readonly threshold: number
  readonly raw: number
  /** 100 * (raw - null) / (perfect - null). */
  readonly score: number
  readonly windowsFound: number
  readonly falseRows: number
}

/**
 * The exact sweep: every distinct score of the corpus is tried as the one threshold of all files (a row is flagged when its
 * score >= threshold). `labelledWindows` is the number in the label file, by which the benchmark normalises.
 */
export function sweep(
  files: readonly RowWorth[],
  scores: readonly ArrayLike<number>[],
  profile: CostProfile,
  labelledWindows: number,
): Sweep {
  const order: { score: number; file: number; row: number }[] = []
  files.forEach((file, index) => {
    const own = scores[index]
    if (own?.length !== file.window.length)
      throw new Error(`file ${index}: ${own?.length} scores for ${file.window.length} rows`)
    for (let row = 0; row < file.window.length; row++) {
      if (file.window[row] !== -2) order.push({ score: own[row] ?? Number.NaN, file: index, row })
    }
  })
  order.sort((a, b) => b.score - a.score)
  const missed = -profile.fnWeight * files.reduce((sum, file) => sum + file.windowCount, 0)
  const parts = new Map<string, number>()
  let [raw, falseRows] = [missed, 0]
  let best = { threshold: Number.POSITIVE_INFINITY, raw, windowsFound: 0, falseRows }
  order.forEach(({ score, file, row }, index) => {
    const { window = new Int16Array(), worth = new Float64Array() } = files[file] ?? {}
    const value = worth[row] ?? 0
    if (window[row] === -1) {
      raw += value * profile.fpWeight
      falseRows++
    } else {
      const key = `${file}:${window[row]}`
      const had = parts.get(key) ?? -profile.fnWeight
      const has = Math.max(had, value * profile.tpWeight)
      parts.set(key, has)
      raw += has - had
    }
    // The value counts only behind the last of equal scores.
    if (order[index + 1]?.score !== score && raw > best.raw) {
      best = { threshold: score, raw, windowsFound: parts.size, falseRows }
    }
  })
  return { ...best, score: normalise(best.raw, profile, labelledWindows, files) }
}

function normalise(raw: number, profile: CostProfile, labelledWindows: number, files: readonly RowWorth[]): number {
  const never = -profile.fnWeight * files.reduce((sum, file) => sum + file.windowCount, 0)
  return (100 * (raw - never)) / (labelledWindows * profile.tpWeight - never)
}

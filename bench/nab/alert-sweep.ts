import type { NabFile } from './corpus.ts'
import { type CostProfile, probationRows, type RowWorth, rowWorths } from './scorer.ts'

/** The corpus with its files one behind the other. */
export interface Ground {
  readonly files: readonly NabFile[]
  readonly worths: readonly RowWorth[]
  readonly rows: number
  readonly fileOf: Uint8Array
  /** As RowWorth.window and .worth. */
  readonly window: Int16Array
  readonly worth: Float64Array
  /** Rows after an alert that raise none: a fifth of the probation, at most 150. */
  readonly refractory: readonly number[]
}

export function groundOf(files: readonly NabFile[]): Ground {
  const worths = files.map(rowWorths)
  const rows = files.reduce((sum, file) => sum + file.values.length, 0)
  const ground = {
    files,
    worths,
    rows,
    fileOf: new Uint8Array(rows),
    window: new Int16Array(rows),
    worth: new Float64Array(rows),
    refractory: files.map((file) => refractoryRows(file.values.length)),
  }
  let start = 0
  worths.forEach((own, file) => {
    ground.fileOf.fill(file, start, start + own.window.length)
    ground.window.set(own.window, start)
    ground.worth.set(own.worth, start)
    start += own.window.length
  })
  return ground
}

export function refractoryRows(rows: number): number {
  return Math.min(150, Math.floor(probationRows(rows) / 5))
}

/** Evidence at the rows that have any; rows ascend. */
export interface Evidence {
  readonly rows: Int32Array
  readonly values: Float32Array
}

export function sum(a: Evidence, b: Evidence): Evidence {
  const rows = new Int32Array(a.rows.length + b.rows.length)
  const values = new Float32Array(rows.length)
  let [i, j, length] = [0, 0, 0]
  while (i < a.rows.length || j < b.rows.length) {
    const [left, right] = [a.rows[i] ?? Number.POSITIVE_INFINITY, b.rows[j] ?? Number.POSITIVE_INFINITY]
    rows[length] = Math.min(left, right)
    values[length++] = (left <= right ? (a.values[i] ?? 0) : 0) + (right <= left ? (b.values[j] ?? 0) : 0)
    if (left <= right) i++
    if (right <= left) j++
  }
  return { rows: rows.subarray(0, length), values: values.subarray(0, length) }
}

/** The thresholds that are tried, 0.3 to 7.2 in steps of 7 %. */
export const thresholds: readonly number[] = Array.from({ length: 48 }, (_, index) => 0.3 * 1.07 ** index)

/** What each threshold earns in each file, with one alert per refractory time. Index: file * thresholds.length + threshold. */
export interface Earned {
  readonly found: Float64Array
  readonly foundWorth: Float64Array
  readonly falseAlerts: Float64Array
  readonly falseWorth: Float64Array
}

export function earn(ground: Ground, evidence: Evidence): Earned {
  const cells = ground.files.length * thresholds.length
  const [found, foundWorth, falseAlerts, falseWorth] = [0, 0, 0, 0].map(() => new Float64Array(cells)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const { rows, values } = evidence
  thresholds.forEach((threshold, index) => {
    let [alertRow, inFile, inWindow] = [Number.NEGATIVE_INFINITY, -1, -1]
    for (let at = 0; at < rows.length; at++) {
      if ((values[at] ?? 0) < threshold) continue
      const row = rows[at] ?? 0
      const file = ground.fileOf[row] ?? 0
      if (file !== inFile) [alertRow, inFile, inWindow] = [Number.NEGATIVE_INFINITY, file, -1]
      if (row - alertRow <= (ground.refractory[file] ?? 0)) continue
      alertRow = row
      const cell = file * thresholds.length + index
      const window = ground.window[row] ?? -1
      const worth = ground.worth[row] ?? 0
      if (window === -1) {
        falseWorth[cell] = (falseWorth[cell] ?? 0) + worth
        falseAlerts[cell] = (falseAlerts[cell] ?? 0) + 1
      } else if (window !== inWindow) {
        // The first alert in a window is its best.
        inWindow = window
        found[cell] = (found[cell] ?? 0) + 1
        foundWorth[cell] = (foundWorth[cell] ?? 0) + worth
      }
    }
  })
  return { found, foundWorth, falseAlerts, falseWorth }
}

/** Raw score of one file at one threshold. */
export function rawOf(ground: Ground, earned: Earned, profile: CostProfile, file: number, threshold: number): number {
  const cell = file * thresholds.length + threshold
  const missed = (ground.worths[file]?.windowCount ?? 0) - (earned.found[cell] ?? 0)
  const gained = profile.tpWeight * (earned.foundWorth[cell] ?? 0) + profile.fpWeight * (earned.falseWorth[cell] ?? 0)
  return gained - profile.fnWeight * missed
}

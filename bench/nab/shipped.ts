import { openStream, type PointResult, type StreamOptions } from '../../bees/security/detectors/index.ts'
import { type Evidence, type Ground, refractoryRows } from './alert-sweep.ts'
import type { NabFile } from './corpus.ts'
import { probationRows } from './scorer.ts'

/** The one configuration of the benchmark: learns for the probation, quiet after an alert for a fifth of it, at most 150 rows. */
export function optionsFor(rows: number, threshold?: number): StreamOptions {
  return { learnPoints: Math.max(1, probationRows(rows)), refractoryPoints: refractoryRows(rows), threshold }
}

/** The shipped detector over one file, one result a row. */
export function detect(file: NabFile, threshold?: number): readonly PointResult[] {
  const stream = openStream(optionsFor(file.values.length, threshold))
  return Array.from(file.values, (value, row) => stream.push({ timeMs: file.timesMs[row] ?? Number.NaN, value }))
}

/** The score of every row of every file. The score does not depend on the threshold. */
export function detectAll(files: readonly NabFile[]): readonly Float64Array[] {
  return files.map((file) => Float64Array.from(detect(file), ({ score }) => score))
}

/** The scores as evidence for the sweep. */
export function toEvidence(ground: Ground, scores: readonly Float64Array[]): Evidence {
  const rows: number[] = []
  const values: number[] = []
  let start = 0
  for (const own of scores) {
    own.forEach((score, row) => {
      if (score > 0 && ground.window[start + row] !== -2) {
        rows.push(start + row)
        values.push(score)
      }
    })
    start += own.length
  }
  return { rows: Int32Array.from(rows), values: Float32Array.from(values) }
}

/** The largest state, as bytes of JSON, that any file reaches (looked at every 500 rows and at the end). */
export function largestState(files: readonly NabFile[]): number {
  let largest = 0
  for (const file of files) {
    const stream = openStream(optionsFor(file.values.length))
    file.values.forEach((value, row) => {
      stream.push({ timeMs: file.timesMs[row] ?? Number.NaN, value })
      if (row % 500 === 0 || row === file.values.length - 1) largest = Math.max(largest, JSON.stringify(stream).length)
    })
  }
  return largest
}

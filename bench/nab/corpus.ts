import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One labelled file of the corpus. Times are ms since 1970, read as UTC; rows keep the order of the file. */
export interface NabFile {
  /** `folder/name.csv`, as the labels name it. */
  readonly name: string
  readonly folder: string
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** First and last time of each labelled window, both inside. */
  readonly windows: readonly (readonly [number, number])[]
}

export const corpusFolder = join(import.meta.dirname, '../../test/data/nab')

/** `2014-04-01 00:00:00` (with or without fractions) as ms since 1970, UTC. */
export function parseNabTime(text: string): number {
  const timeMs = Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)
  if (Number.isNaN(timeMs))
    throw new Error(`not a time of the corpus: ${JSON.stringify(text)}; expected 2014-04-01 00:00:00`)
  return timeMs
}

/** Reads the whole corpus, in the order of folder and file name. */
export function readCorpus(folder: string = corpusFolder): readonly NabFile[] {
  const labels = JSON.parse(readFileSync(join(folder, 'combined_windows.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >
  return Object.keys(labels)
    .sort()
    .map((name) => {
      const rows = gunzipSync(readFileSync(join(folder, 'data', `${name}.gz`)))
        .toString('utf8')
        .split(/\r?\n/)
        .slice(1)
        .filter((row) => row !== '')
      const cells = rows.map((row) => row.split(','))
      return {
        name,
        folder: name.split('/')[0] ?? '',
        timesMs: Float64Array.from(cells, (cell) => parseNabTime(cell[0] ?? '')),
        values: Float64Array.from(cells, (cell) => Number(cell[1])),
        windows: (labels[name] ?? []).map(([from, to]) => [parseNabTime(from), parseNabTime(to)] as const),
      }
    })
}

/** How many CSVs lie in the folder: a file without labels would otherwise be left out silently. */
export function countDataFiles(folder: string = corpusFolder): number {
  return readdirSync(join(folder, 'data'), { recursive: true }).filter((name) => String(name).endsWith('.csv.gz'))
    .length
}

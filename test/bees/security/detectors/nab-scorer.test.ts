import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { corpusFolder, countDataFiles, parseNabTime, readCorpus } from '../../../../bench/nab/corpus.ts'
import {
  type CostProfile,
  positionScore,
  probationRows,
  profiles,
  rowWorths,
  sweep,
} from '../../../../bench/nab/scorer.ts'

const [standard, lowFalsePositives, lowFalseNegatives] = profiles

/** Rows at the times 0, 1, 2 …; windows by row. */
function file(rows: number, windows: readonly (readonly [number, number])[]) {
  return { timesMs: Float64Array.from({ length: rows }, (_, row) => row), windows }
}

/** Scores that are 1 at the given rows. */
function flags(rows: number, ...at: readonly number[]): Float64Array {
  const scores = new Float64Array(rows)
  for (const row of at) scores[row] = 1
  return scores
}

/** Normalised score of one file with these rows flagged; the sweep takes it only when it beats silence. */
function score(
  rows: number,
  windows: readonly (readonly [number, number])[],
  at: readonly number[],
  profile: CostProfile,
) {
  return sweep([rowWorths(file(rows, windows))], [flags(rows, ...at)], profile, windows.length)
}

describe('the rules of the benchmark', () => {
  it('takes 15 % of the rows as probation, at most 750', () => {
    expect([19, 20, 4032, 5000, 22_695].map(probationRows)).toEqual([2, 3, 604, 750, 750])
  })

  it('scores positions by the sigmoid', () => {
    expect(positionScore(-1)).toBeCloseTo(0.98661, 5)
    expect(positionScore(-0.5)).toBeCloseTo(0.84828, 5)
    expect(positionScore(0)).toBe(0)
    expect(positionScore(1)).toBeCloseTo(-0.98661, 5)
    expect(positionScore(3)).toBeGreaterThan(-1)
    expect(positionScore(3.01)).toBe(-1)
  })

  it('pays 1 for the first row of a window and less towards its right edge', () => {
    const { window, worth, windowCount } = rowWorths(file(40, [[20, 23]]))
    expect(windowCount).toBe(1)
    expect([...window].flatMap((own, row) => (own === 0 ? [row] : []))).toEqual([20, 21, 22, 23])
    expect(worth[20]).toBe(1)
    // The right edge is a quarter of the width before the end.
    expect(worth[23]).toBeCloseTo(positionScore(-0.25) / positionScore(-1), 12)
  })

  it('charges the full price before any window, little just behind one, and the full price three widths later', () => {
    const { worth, window } = rowWorths(file(60, [[20, 23]]))
    expect(window[19]).toBe(-1)
    expect(worth[19]).toBe(-1)
    expect(worth[24]).toBeCloseTo(positionScore(1 / 3), 12)
    expect(worth[26]).toBeCloseTo(positionScore(1), 12)
    expect(worth[32]).toBeCloseTo(positionScore(3), 12)
    expect(worth[33]).toBe(-1)
  })

  it('does not score the probation and does not count a window that lies in it', () => {
    const { window, windowCount } = rowWorths(
      file(100, [
        [2, 6],
        [10, 20],
      ]),
    )
    expect(window.slice(0, 15).every((own) => own === -2)).toBe(true)
    expect(window[15]).toBe(1)
    expect(windowCount).toBe(1)
  })

  it('takes the first row of a repeated time as the edge', () => {
    const timesMs = Float64Array.from([0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9])
    const { window, worth } = rowWorths({ timesMs, windows: [[5, 7]] })
    expect([...window].map((own) => own === 0)).toEqual(
      [5, 6, 7].reduce((all, row) => all.with(row, true), new Array(11).fill(false)),
    )
    expect(worth[8]).toBeCloseTo(positionScore(1 / 2), 12)
  })

  it('counts the best detection of a window and every false row', () => {
    expect(score(40, [[20, 23]], [20], standard)).toMatchObject({ score: 100, windowsFound: 1, falseRows: 0 })
    expect(score(40, [[20, 23]], [20, 21, 22, 23], standard)).toMatchObject({ score: 100, windowsFound: 1 })
    const late = score(40, [[20, 23]], [23], standard).raw
    expect(late).toBeCloseTo(positionScore(-0.25) / positionScore(-1), 12)
    expect(score(40, [[20, 23]], [10, 20], standard).raw).toBeCloseTo(1 - 0.11, 12)
    expect(score(40, [[20, 23]], [10, 11, 20], lowFalsePositives).raw).toBeCloseTo(1 - 0.44, 12)
  })

  it('charges a missed window once, or twice where misses are dear', () => {
    const two = [
      [20, 23],
      [60, 63],
    ] as const
    expect(score(100, two, [20], standard)).toMatchObject({ raw: 0, score: 50 })
    expect(score(100, two, [20], lowFalseNegatives)).toMatchObject({ raw: -1, score: 50 })
    expect(score(100, two, [], standard)).toMatchObject({ raw: -2, score: 0, threshold: Number.POSITIVE_INFINITY })
  })

  it('flags all rows of one score together', () => {
    const worths = [rowWorths(file(40, [[20, 23]]))]
    const scores = new Float64Array(40)
    // The window and one false row share a score: one cannot be had without the other.
    scores[20] = scores[10] = 0.5
    scores[21] = 0.4
    expect(sweep(worths, [scores], standard, 1)).toMatchObject({ threshold: 0.5, falseRows: 1 })
    expect(sweep(worths, [scores], standard, 1).raw).toBeCloseTo(0.89, 12)
    // All rows or none: 14 rows before the window cost 1.54, silence costs 1.
    const flat = sweep(worths, [new Float64Array(40).fill(0.5)], standard, 1)
    expect(flat).toMatchObject({ threshold: Number.POSITIVE_INFINITY, windowsFound: 0, score: 0 })
  })

  it('says when the scores do not fit the file', () => {
    expect(() => sweep([rowWorths(file(40, []))], [new Float64Array(39)], standard, 1)).toThrow('39 scores for 40 rows')
    expect(() => parseNabTime('yesterday')).toThrow('yesterday')
  })
})

describe('the corpus', () => {
  const files = readCorpus()
  const worths = files.map(rowWorths)
  const published = JSON.parse(readFileSync(join(corpusFolder, 'published-results.json'), 'utf8'))

  it('is whole', () => {
    expect(files.length).toBe(58)
    expect(countDataFiles()).toBe(58)
    expect(files.reduce((rows, { values }) => rows + values.length, 0)).toBe(365_558)
    expect(worths.reduce((windows, { windowCount }) => windows + windowCount, 0)).toBe(116)
    expect(files.every(({ values }) => values.every(Number.isFinite))).toBe(true)
  })

  it('gives a detector that never fires 0', () => {
    const silent = files.map(({ values }) => new Float64Array(values.length).fill(0.5))
    for (const profile of profiles) expect(sweep(worths, silent, profile, 116).score).toBe(0)
  })

  // numenta's published low-FP figure (63.117) is of a coarser search than the sweep, which finds 63.209: not asserted.
  it.each([
    ['ARTime', profiles],
    ['contextOSE', profiles],
    ['relativeEntropy', profiles],
    ['twitterADVec', profiles],
    ['numenta', [standard, lowFalseNegatives]],
  ] as const)('gives %s its published scores', (detector, own) => {
    const all = gunzipSync(readFileSync(join(corpusFolder, `scores/${detector}.txt.gz`)))
      .toString()
      .split('\n')
      .map(Number)
    let start = 0
    const scores = files.map(({ values }) => {
      start += values.length
      return all.slice(start - values.length, start)
    })
    expect(start).toBe(all.length)
    for (const profile of own) {
      const { score } = sweep(worths, scores, profile, 116)
      expect(score.toFixed(3)).toBe(published[detector][profile.name].toFixed(3))
    }
  })
})

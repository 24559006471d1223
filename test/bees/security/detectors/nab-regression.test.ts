import { describe, expect, it } from 'vitest'
import { defaultThreshold, openStream, type PointResult } from '../../../../bees/security/detectors/index.ts'
import { earn, groundOf } from '../../../../bench/nab/alert-sweep.ts'
import { peak, scoreCurve } from '../../../../bench/nab/choose.ts'
import { readCorpus } from '../../../../bench/nab/corpus.ts'
import { crossValidate, fiveFolds, thresholdOnly } from '../../../../bench/nab/folds.ts'
import { probationRows, profiles, sweep } from '../../../../bench/nab/scorer.ts'
import { detect, optionsFor, toEvidence } from '../../../../bench/nab/shipped.ts'
import { randomFrom, seededRandom } from '../../../support/index.ts'

const files = readCorpus()
const ground = groundOf(files)
const results = files.map((file) => detect(file))
const scores = results.map((own) => Float64Array.from(own, ({ score }) => score))
const earned = earn(ground, toEvidence(ground, scores))
const everyFile = files.map((_, index) => index)

/** Bit for bit, in everything that a point's result says (expect's comparison is too slow for a million results). */
function same(a: PointResult | undefined, b: PointResult | undefined): boolean {
  if (!a || !b || a.parts.length !== b.parts.length) return false
  const names = [
    'value',
    'timeMs',
    'outcome',
    'score',
    'threshold',
    'alert',
    'learning',
    'refractory',
    'sinceMs',
  ] as const
  return (
    names.every((name) => Object.is(a[name], b[name])) &&
    Object.is(a.expected?.low, b.expected?.low) &&
    Object.is(a.expected?.high, b.expected?.high) &&
    a.parts.every((part, at) => part.signal === b.parts[at]?.signal && Object.is(part.evidence, b.parts[at]?.evidence))
  )
}

describe('the scores on the benchmark', () => {
  it.each([
    [0, 76.39],
    [1, 69.09],
    [2, 81.28],
  ] as const)('profile %i stays at or above %f', (profile, floor) => {
    const { score } = peak(scoreCurve(ground, earned, everyFile, profiles[profile]), 0)
    expect(score).toBeGreaterThanOrEqual(floor)
  })

  it('stay when the threshold is learnt from other folds, and from other directories', () => {
    expect(crossValidate(ground, fiveFolds(files), thresholdOnly(ground, earned)).scores[0]).toBeGreaterThanOrEqual(
      75.1,
    )
    const folders = files.map(({ folder }) => folder)
    expect(crossValidate(ground, folders, thresholdOnly(ground, earned)).scores[0]).toBeGreaterThanOrEqual(75.1)
  })

  it('are those of the alerts alone, by the exact scorer', () => {
    const alerts = results.map((own) => Float64Array.from(own, ({ alert }) => (alert ? 1 : 0)))
    const { score, windowsFound, falseRows } = sweep(ground.worths, alerts, profiles[0], 116)
    expect(score).toBeCloseTo(peak(scoreCurve(ground, earned, everyFile, profiles[0]), 0).score, 9)
    expect(windowsFound).toBe(105)
    expect(falseRows).toBe(170)
  })
})

describe('the sweep over thresholds', () => {
  it('raises one alert per refractory time and counts the first in a window', () => {
    const timesMs = Float64Array.from({ length: 100 }, (_, row) => row)
    const file = { name: 'a/b', folder: 'a', timesMs, values: new Float64Array(100), windows: [[50, 59]] as const }
    const small = groundOf([file])
    expect(small.refractory).toEqual([3])
    // 23 lies within three rows of the alert at 20; 24 does not. 54 and 58 are in the window that 50 found.
    const rows = Int32Array.from([20, 23, 24, 50, 54, 58])
    const { falseAlerts, found, foundWorth, falseWorth } = earn(small, { rows, values: new Float32Array(6).fill(1) })
    expect([falseAlerts[0], found[0], foundWorth[0], falseWorth[0]]).toEqual([2, 1, 1, -2])
    // Threshold 25 is 0.3 * 1.07^25 = 1.63: above all.
    expect([falseAlerts[25], found[25]]).toEqual([0, 0])
  })
})

describe('every file of the benchmark', () => {
  it.each(files.map(({ name }, index) => [name, index] as const))('%s', (_, index) => {
    const random = seededRandom()
    const file = files[index]
    const whole = results[index]
    if (!file || !whole) throw new Error('no such file')
    const { values, timesMs } = file
    const rows = values.length
    const options = optionsFor(rows)

    // Never an alert while learning, never two within the refractory time, never one below the threshold.
    const alertRows = whole.flatMap(({ alert }, row) => (alert ? [row] : []))
    expect(whole.slice(0, probationRows(rows)).every(({ learning, score }) => learning && score === 0)).toBe(true)
    for (const [at, row] of alertRows.entries()) {
      if (at > 0) expect(row - (alertRows[at - 1] ?? 0)).toBeGreaterThan(options.refractoryPoints)
      expect(whole[row]?.score).toBeGreaterThanOrEqual(defaultThreshold)
    }

    // Another second half: the first half's results stay bit for bit.
    const half = Math.floor(rows / 2)
    const spoilt = values.map((value, row) => (row < half ? value : value * -3 + random.next() * 1e6))
    const other = detect({ ...file, values: spoilt })
    for (let row = 0; row < half; row++) {
      if (!same(other[row], whole[row])) throw new Error(`row ${row} of the first half changed`)
    }
    expect(other.slice(half).some(({ score }, row) => score !== whole[half + row]?.score)).toBe(true)

    // Any batching through JSON: the same results, and the state stays small.
    const cuts = new Set(Array.from({ length: 4 }, () => random.integer(1, rows - 1)))
    let stream = openStream(options)
    for (let row = 0; row < rows; row++) {
      if (cuts.has(row)) {
        const json = JSON.stringify(stream)
        expect(json.length).toBeLessThanOrEqual(8192)
        stream = openStream(options, JSON.parse(json))
      }
      const result = stream.push({ timeMs: timesMs[row] ?? 0, value: values[row] ?? 0 })
      if (!same(result, whole[row])) throw new Error(`row ${row} differs after cuts at ${[...cuts].join(', ')}`)
    }
  })

  it('gives a repeated run the same numbers', () => {
    const file = files[randomFrom(1).integer(0, files.length - 1)]
    if (file) expect(detect(file)).toEqual(detect(file))
  })
})

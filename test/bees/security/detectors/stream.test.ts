import { describe, expect, it } from 'vitest'
import {
  DetectorError,
  defaultOptions,
  newStream,
  openStream,
  type PointResult,
  type StreamOptions,
  step,
} from '../../../../bees/security/detectors/index.ts'
import { randomFrom, seededRandom } from '../../../support/index.ts'

const minuteMs = 60_000
const startMs = Date.UTC(2026, 0, 5)
const options: StreamOptions = { learnPoints: 200, refractoryPoints: 50, threshold: 1 }

/** A quiet noisy stream around `level`. */
function noise(points: number, level = 100, spread = 2, seed = 5): number[] {
  const { next } = randomFrom(seed)
  return Array.from({ length: points }, () => level + spread * (next() + next() + next() - 1.5))
}

function run(
  values: readonly (number | null)[],
  own: StreamOptions = options,
  timeOf = (index: number) => startMs + index * 5 * minuteMs,
) {
  const stream = openStream(own)
  const results = values.map((value, index) => stream.push({ timeMs: timeOf(index), value }))
  return { stream, results, alerts: results.flatMap(({ alert }, index) => (alert ? [index] : [])) }
}

function finite({ score, expected, parts }: PointResult): boolean {
  const numbers = [score, expected?.low ?? 0, expected?.high ?? 0, ...parts.map((part) => part.evidence)]
  return numbers.every(Number.isFinite)
}

describe('detection', () => {
  it('alerts on a spike, at once, and says what was expected', () => {
    const values = noise(1000)
    values[900] = 200
    const { results, alerts } = run(values)
    expect(alerts).toContain(900)
    const { expected, sinceMs, parts } = results[900] as PointResult
    expect(expected?.low).toBeGreaterThan(85)
    expect(expected?.high).toBeLessThan(115)
    expect(sinceMs).toBe(startMs + 900 * 5 * minuteMs)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map((part) => part.evidence)).toEqual(parts.map((part) => part.evidence).sort((a, b) => b - a))
  })

  it('alerts when a stream falls silent at 0, and when it shifts', () => {
    expect(run([...noise(800), ...new Array(30).fill(0)]).alerts.some((row) => row >= 800 && row < 803)).toBe(true)
    expect(run([...noise(800), ...noise(60, 108)]).alerts.some((row) => row >= 800 && row < 830)).toBe(true)
  })

  it('does not mind the unit or a constant on top', () => {
    const values = noise(1000)
    values[900] = 140
    const plain = run(values).results.map(({ score }) => score)
    const scaled = run(values.map((value) => value * 2 ** 20)).results.map(({ score }) => score)
    scaled.forEach((score, row) => {
      expect(score).toBeCloseTo(plain[row] ?? Number.NaN, 9)
    })
    const whole = values.map((value) => Math.round(value * 64) / 64)
    const lifted = run(whole.map((value) => value + 2 ** 40)).results.map(({ score }) => score)
    expect(lifted).toEqual(run(whole).results.map(({ score }) => score))
  })

  it('learns a daily wave', () => {
    const wave = noise(3000).map((value, row) => value + 50 * Math.sin((2 * Math.PI * row) / 288))
    const late = run(wave, { ...options, learnPoints: 1500, threshold: 2 }).alerts
    expect(late.length).toBeLessThanOrEqual(1)
  })
})

describe('learning and refractory', () => {
  const rising = { ...options, learnPoints: 380, threshold: 3 }

  it('learns from exactly learnPoints points, then judges', () => {
    const { results } = run(noise(300))
    expect(results.map(({ learning }) => learning)).toEqual(noise(300).map((_, row) => row < 200))
    expect(
      results.slice(0, 200).every(({ score, expected, alert }) => score === 0 && expected === null && !alert),
    ).toBe(true)
    expect(results[200]?.expected).not.toBeNull()
  })

  it('raises no alert for exactly refractoryPoints points, though the evidence goes on', () => {
    const values = [...noise(400), ...noise(200).map((value, row) => value + 200 * 1.2 ** row)]
    const { results, alerts } = run(values, rising)
    expect(alerts).toEqual([400, 451, 502, 553])
    expect(results.slice(401, 451).every(({ refractory, score }) => refractory && score >= rising.threshold)).toBe(true)
    expect(results[451]?.refractory).toBe(false)
    const none = run(values, { ...rising, refractoryPoints: 0 })
    expect(none.alerts.filter((row) => row >= 400).length).toBeGreaterThan(190)
  })

  it('keeps both through a stored state', () => {
    const values = [...noise(400), ...noise(200).map((value, row) => value + 200 * 1.2 ** row)]
    let state = newStream(options)
    const alerts: number[] = []
    values.forEach((value, row) => {
      const result = step(JSON.parse(JSON.stringify(state)), { timeMs: startMs + row * 5 * minuteMs, value }, options)
      state = result.state
      if (result.alert) alerts.push(row)
    })
    expect(alerts).toEqual(run(values).alerts)
    expect(state).toEqual(run(values).stream.toJSON())
  })

  it('ends a run of evidence after twelve points without any', () => {
    const values = noise(1000)
    values[900] = 300
    const { results } = run(values, { ...options, threshold: 100 })
    const began = results[900]?.sinceMs
    expect(began).toBe(startMs + 900 * 5 * minuteMs)
    const over = results.findIndex(({ sinceMs }, row) => row > 900 && sinceMs !== began)
    expect(over).toBeGreaterThan(911)
    expect(results[over - 12]?.score).toBeGreaterThan(0)
    expect(results.slice(over - 11, over + 1).every(({ score }) => score === 0)).toBe(true)
  })
})

describe('bad input', () => {
  it('counts missing values and goes on as if they had not come', () => {
    const values = noise(600)
    const holes = values.flatMap((value, row) =>
      row % 7 === 0 ? [Number.NaN, Infinity, -Infinity, null, value] : [value],
    )
    const stream = openStream(options)
    let row = -1
    const taken = holes.map((value) => {
      if (value !== null && Number.isFinite(value)) row++
      return stream.push({ timeMs: startMs + Math.max(0, row) * 5 * minuteMs, value })
    })
    expect(taken.filter(({ outcome }) => outcome === 'missing').length).toBe(4 * Math.ceil(600 / 7))
    expect(
      taken.filter(({ outcome }) => outcome === 'missing').every((result) => !result.alert && result.score === 0),
    ).toBe(true)
    const plain = run(values)
    expect(taken.filter(({ outcome }) => outcome === 'taken')).toEqual(plain.results)
    expect(stream.toJSON()).toEqual({ ...plain.stream.toJSON(), missing: 4 * Math.ceil(600 / 7) })
  })

  it.each([Number.NaN, Infinity, -Infinity, 9e15])('takes the time %s as missing', (timeMs) => {
    const stream = openStream(options)
    expect(stream.push({ timeMs, value: 1 }).outcome).toBe('missing')
    expect(stream.toJSON()).toMatchObject({ points: 0, missing: 1, lastTimeMs: null })
  })

  it('judges a point once: repeated and older times change nothing but a count', () => {
    const random = seededRandom()
    const values = noise(600)
    const stream = openStream(options)
    const results: PointResult[] = []
    values.forEach((value, row) => {
      results.push(stream.push({ timeMs: startMs + row * 5 * minuteMs, value }))
      const again = stream.push({ timeMs: startMs + random.integer(0, row) * 5 * minuteMs, value: 1e9 })
      expect(again).toMatchObject({ outcome: 'late', score: 0, alert: false, expected: null, parts: [] })
    })
    const plain = run(values)
    expect(results).toEqual(plain.results)
    expect(stream.toJSON()).toEqual({ ...plain.stream.toJSON(), late: 600 })
  })

  it('takes a gap as no anomaly by itself: the point after it is judged by its own hour', () => {
    const values = noise(1200)
    const gap = run(
      values,
      options,
      (index) => startMs + index * 5 * minuteMs + (index < 800 ? 0 : 14 * 24 * 60 * minuteMs),
    )
    expect(gap.alerts.filter((row) => row >= 795 && row < 830)).toEqual([])
    expect(gap.results.every(finite)).toBe(true)
  })

  it('never alerts on a constant, and at once when it moves', () => {
    expect(run(new Array(2000).fill(7)).results.every(({ score }) => score === 0)).toBe(true)
    expect(run([...new Array(1000).fill(7), 8]).alerts).toEqual([1000])
    expect(run(new Array(2000).fill(0)).alerts).toEqual([])
  })

  it.each([1e30, 1e300, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53])(
    'stays finite with values of the size of %s',
    (size) => {
      const random = seededRandom()
      const values = Array.from({ length: 900 }, (_, row) =>
        row % 3 === 0 ? size : row % 3 === 1 ? -size : random.next(),
      )
      const { results, stream } = run(values)
      expect(results.every(finite)).toBe(true)
      expect(openStream(options, JSON.parse(JSON.stringify(stream))).toJSON()).toEqual(stream.toJSON())
      expect(JSON.stringify(stream).length).toBeLessThanOrEqual(8192)
    },
  )

  it('stays finite through wild random input, and its state readable', () => {
    const random = seededRandom()
    const values = Array.from({ length: 4000 }, () => (random.next() - 0.5) * 10 ** random.integer(-300, 300))
    const { results, stream } = run(values)
    expect(results.every(finite)).toBe(true)
    expect(JSON.stringify(stream).length).toBeLessThanOrEqual(8192)
    expect(() => openStream(options, JSON.parse(JSON.stringify(stream)))).not.toThrow()
  })

  it.each([
    [{ learnPoints: 0 }, 'learnPoints: expected a whole number from 1, received 0'],
    [{ learnPoints: 1.5 }, 'learnPoints: expected a whole number from 1, received 1.5'],
    [{ refractoryPoints: -1 }, 'refractoryPoints: expected a whole number from 0, received -1'],
    [{ threshold: 0 }, 'threshold: expected a number above 0, received 0'],
    [{ threshold: Number.NaN }, 'threshold: expected a number above 0, received NaN'],
  ])('refuses the options %j', (wrong, message) => {
    expect(() => openStream({ ...defaultOptions, ...wrong })).toThrow(new DetectorError('bad_options', message))
  })
})

import { describe, expect, it } from 'vitest'
import { explain, openStream, type PointResult } from '../../../../bees/security/detectors/index.ts'
import { randomFrom } from '../../../support/index.ts'

const startMs = Date.UTC(2026, 0, 5)
const options = { learnPoints: 100, refractoryPoints: 20, threshold: 1 }

function results(values: readonly (number | null)[]): PointResult[] {
  const stream = openStream(options)
  return values.map((value, row) => stream.push({ timeMs: startMs + row * 60_000, value }))
}

const { next } = randomFrom(3)
const calm = Array.from({ length: 400 }, () => 50 + next())

describe('explain', () => {
  it('says what was expected, what came, since when and why', () => {
    const all = results([...calm, 90])
    const result = all[400] as PointResult
    const told = explain(result)
    expect(told).toMatchObject({ came: 90, timeMs: startMs + 400 * 60_000, score: result.score, threshold: 1 })
    expect(told.expected?.low).toBeGreaterThan(48)
    expect(told.expected?.high).toBeLessThan(53)
    expect(told.reasons.map(({ signal }) => signal)).toContain('off_trend')
    expect(told.reasons.every(({ times, meaning }) => times >= 1 && meaning.length > 20)).toBe(true)
    expect(told.text).toMatch(/^Expected between (49|50)[.\d]* and 5[12][.\d]*, got 90: .+, since 2026-01-05T.+Z\.$/)
    expect(JSON.parse(JSON.stringify(told))).toEqual(told)
  })

  it('has a sentence for every other case', () => {
    expect(explain(results([...calm, 50.5])[400] as PointResult).text).toMatch(
      /^Expected between .+, got 50.5: nothing unusual\.$/,
    )
    expect(explain(results([1])[0] as PointResult).text).toContain('still being learnt')
    expect(explain(results([null])[0] as PointResult).text).toBe('No value came.')
    const stream = openStream(options)
    stream.push({ timeMs: startMs, value: 1 })
    expect(explain(stream.push({ timeMs: startMs, value: 1 })).text).toContain('not newer')
  })
})

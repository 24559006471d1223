import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { seededRandom } from '../../../support/index.ts'
import { event, minute, play, rulesOf } from './playing.ts'

const rules = rulesOf({
  entity: { kind: 'stream', field: 'metric' },
  dedup: ['metric'],
  detection: { point: { action: 'metric' } },
  any: [{ kind: 'metric', by: ['metric'], value: { mean: 'value' }, evidence: 3, side: 'both', confirm: true }],
  explain: '{why}',
})
const usual = [100, 103, 98, 101, 99, 102, 97, 100, 104, 96, 101]
/** A thousand minutes as they usually are, but for the given ones. */
const minutes = (odd: Readonly<Record<number, number>>, count = 1000): SecurityEvent[] =>
  Array.from({ length: count }, (_, n) =>
    event(n * minute, { action: 'metric', status_id: 1, metric: 'm', value: odd[n] ?? usual[n % usual.length] ?? 100 }),
  )
/** Minutes of the findings; they come when the next interval but one begins. */
const told = (events: readonly SecurityEvent[], options = {}) =>
  play(rules, events, options).findings.map(({ timeMs }) => (timeMs - (events[0]?.time ?? 0)) / minute - 2)

describe('a metric that is confirmed', () => {
  test('tells nothing of one odd point, and of two in three', () => {
    expect(told(minutes({ 900: 108 }))).toEqual([])
    expect(told(minutes({ 900: 108, 901: 112 }))).toEqual([901])
    expect(told(minutes({ 900: 108, 902: 112 }))).toEqual([902])
    expect(told(minutes({ 900: 108, 903: 112 }))).toEqual([])
  })

  test('does not wait where one point is twice as rare as it has to be', () => {
    expect(told(minutes({ 900: 160 }))).toEqual([900])
  })

  test('one that nothing confirms does not make it look away from the next', () => {
    expect(told(minutes({ 880: 108, 940: 160 }))).toEqual([940])
  })

  test('tells a lasting one once, then rests', () => {
    const lasting = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [900 + n, 300]))
    expect(told(minutes(lasting))).toHaveLength(1)
  })

  test('is the same for any batches', () => {
    const random = seededRandom()
    const events = minutes({ 890: 107, 900: 108, 901: 109, 950: 130 })
    const plain = (cuts: readonly number[]) => {
      const { findings, rows } = play(rules, events, { cuts })
      return { findings, rows: [...rows].sort() }
    }
    const whole = plain([events.length])
    expect(whole.findings).toHaveLength(1)
    for (let n = 0; n < 4; n++) expect(plain(Array.from({ length: 9 }, () => random.integer(1, 120)))).toEqual(whole)
  })

  test('goes on from a row of the form of before', () => {
    const { rows } = play(rules, minutes({}, 890))
    for (const row of rows.values()) expect(row).not.toMatch(/\]\],?\[\d+,\d+,\d+\]\]/)
    const rest = minutes({ 900: 108, 901: 112 }).slice(890)
    expect(play(rules, rest, { rows }).findings).toHaveLength(1)
  })
})

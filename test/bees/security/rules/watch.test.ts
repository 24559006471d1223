import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { seededRandom } from '../../../support/index.ts'
import { day, event, hour, minute, type PlayOptions, play, rulesOf, series, startMs } from './playing.ts'

const grant = { action: 'role_grant', status_id: 1 } as const
const rules = rulesOf(
  {
    id: 'bulk',
    quiet: '7d',
    detection: { failed: { action: 'login', status_id: 2 } },
    any: [{ kind: 'event_count', by: ['src_ip'], within: '1h', gte: 5 }],
  },
  {
    id: 'unsigned',
    detection: { worked: { action: 'login', status_id: 1 }, change: { action: 'role_grant' } },
    any: [{ kind: 'absent', of: 'change', unless: 'worked', by: ['user_uid'], within: '12h', learn: '14d' }],
  },
  {
    id: 'stranger',
    detection: { worked: { action: 'login', status_id: 1 } },
    any: [{ kind: 'new_value', by: ['country'], fields: ['asn'], learn: '14d', learn_from: 'tenant' }],
  },
)
const burst = (atMs: number) => series(5, minute, () => ({ src_ip: '203.0.113.9' }), atMs)
const change = (atMs: number) => event(atMs, { ...grant, user_uid: 'u' })
const beats = (fromMs: number, toMs: number, everyMs = 6 * hour) =>
  series(Math.round((toMs - fromMs) / everyMs), everyMs, () => ({ action: 'heartbeat' as const }), fromMs)
const forged = (atMs: number) => event(atMs, { action: 'heartbeat' })
const stranger = (atMs: number) => event(atMs, { status_id: 1, user_uid: 'v', country: 'DE', asn: 7 })

const told = (events: readonly SecurityEvent[], options: PlayOptions = {}) =>
  play(rules, events, options).findings.map(({ rule, quiet }) => (quiet ? `${rule}, quiet` : rule))
const switchedOn = (atMs: number): PlayOptions => ({ sinceMs: startMs + atMs })

describe('the first days after the switching on', () => {
  test('are counted by the clock: weeks of history do not end them, nor what the history shows', () => {
    const events = [...beats(0, 10 * day), ...burst(10 * day), ...beats(10 * day + hour, 30 * day), ...burst(30 * day)]
    expect(told(events, switchedOn(30 * day))).toEqual(['bulk, quiet', 'bulk, quiet'])
    expect(told([...events, ...burst(37 * day - hour)], switchedOn(30 * day)).at(-1)).toBe('bulk, quiet')
    expect(told([...events, ...burst(37 * day)], switchedOn(30 * day)).at(-1)).toBe('bulk')
  })

  test('are not ended by one event that claims to be 20 days old, whenever it comes', () => {
    expect(told([forged(0), ...burst(20 * day)], switchedOn(20 * day))).toEqual(['bulk, quiet'])
    const live = [event(20 * day, { action: 'heartbeat' }), forged(0), ...burst(20 * day + hour)]
    expect(told(live, switchedOn(20 * day))).toEqual(['bulk, quiet'])
  })

  test('once over do not come back for an event that claims to be of then', () => {
    const since = switchedOn(0)
    const late = series(5, minute, () => ({ src_ip: '203.0.113.8' }), 8 * day - 5 * minute)
    expect(told([...beats(0, 8 * day + minute, hour), ...late], since)).toEqual(['bulk'])
  })

  test('a caller who has no clock counts from the first event, holes left out', () => {
    expect(told([forged(0), ...burst(6 * day)])).toEqual(['bulk, quiet'])
    expect(told([forged(0), ...burst(20 * day)])).toEqual(['bulk, quiet'])
    expect(told([...beats(0, 8 * day), ...burst(8 * day)])).toEqual(['bulk'])
  })
})

describe('what a tenant has to be watched for', () => {
  const since = switchedOn(30 * day)

  test('is learned from history too, if that is dense', () => {
    const history = beats(0, 30 * day)
    expect(told([...history, change(30 * day)], since)).toEqual(['unsigned'])
    expect(told([...history, stranger(30 * day)], since)).toEqual(['stranger'])
    expect(told([...beats(0, 13 * day), change(13 * day)], since)).toEqual([])
  })

  test('is not learned from one event that claims to be 20 days old', () => {
    expect(told([forged(10 * day), change(30 * day), stranger(30 * day + 1)], since)).toEqual([])
    const live = [forged(30 * day), forged(10 * day), change(30 * day + hour), stranger(30 * day + 2 * hour)]
    expect(told(live, since)).toEqual([])
  })

  test('nights and weekends without events hardly count, a month without any is no month of learning', () => {
    const office = (fromMs: number, days: number) =>
      Array.from({ length: days }, (_, n) => n)
        .filter((n) => n % 7 < 5)
        .flatMap((n) => beats(fromMs + n * day, fromMs + n * day + 8 * hour, hour))
    expect(told([...office(0, 20), change(21 * day)], since)).toEqual(['unsigned'])
    expect(told([...office(0, 5), ...office(35 * day, 5), change(40 * day)], since)).toEqual([])
  })

  test('stays learned after a hole', () => {
    expect(told([...beats(0, 15 * day), change(90 * day)], since)).toEqual(['unsigned'])
  })

  test('a row of the form of before is what it was: two times, and all between them was watched', () => {
    const row = (first: number, mark: number) =>
      JSON.stringify({ x: mark + 3650 * day, m: mark, s: { watch: [mark + 3650 * day, [first, mark]] } })
    const at = startMs + 20 * day
    const [key = ''] = play(rules, [forged(0)]).rows.keys()
    expect(told([change(20 * day + 1)], { rows: new Map([[key, row(startMs, at)]]) })).toEqual(['unsigned'])
    expect(told([change(20 * day + 1)], { rows: new Map([[key, row(at - 13 * day, at)]]) })).toEqual([])
  })

  test('is the same for any batches, with holes and with events out of order', () => {
    const random = seededRandom()
    const events: SecurityEvent[] = []
    for (let n = 0, at = 0; n < 400; n++) {
      at += random.pick([0, minute, hour, 20 * hour, random.boolean(0.05) ? 9 * day : 0])
      const time = Math.max(0, at - (random.boolean(0.1) ? random.integer(0, 30 * day) : 0))
      events.push(random.pick([change, stranger, forged])(time), ...(random.boolean(0.2) ? burst(time) : []))
    }
    const plain = (cuts: readonly number[]) => {
      const { findings, rows } = play(rules, events, { cuts, ...switchedOn(40 * day) })
      return { findings, rows: [...rows].sort() }
    }
    const whole = plain([events.length])
    expect(new Set(whole.findings.map(({ quiet }) => quiet)).size).toBe(2)
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(cuts, (sizes) => {
        expect(plain(sizes)).toEqual(whole)
      }),
      { seed: random.seed, numRuns: 15 },
    )
  })
})

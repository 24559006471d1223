import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { expiresOf, loadRuleFolder } from '../../../../bees/security/rules/index.ts'
import { everyKind } from './every-kind.ts'
import { day, event, hour, play, rulesOf, second, series, startMs } from './playing.ts'

/** What a row of all rules together may take when somebody varies every field for ever. */
const mostRowBytes = 32_768

function largest(rows: ReadonlyMap<string, string>): number {
  return Math.max(0, ...[...rows.values()].map((row) => row.length))
}

/** Everything different in every event, but for the address. */
const varied = (at: number): Partial<SecurityEvent> => ({
  user_uid: `user-${at}`,
  session_uid: `session-${at}`,
  actor_uid: `actor-${at % 7}`,
  path: `/p/${at}`,
  resource: `r${at}`,
  object_id: `o${at}`,
  object_number: at * 3,
  asn: at,
  country: 'DE',
  device: `d${at}`,
  card: `c${at}`,
  rows: at,
  amount: 1,
  email_domain: `e${at}.test`,
  phone_prefix: `+${at}`,
  status_code: 404,
})

describe('memory', () => {
  test('one address with 100 000 different values fills a fixed room', { timeout: 120_000 }, () => {
    const rules = rulesOf(
      ...['account', 'path', 'asn'].map((field, at) => ({
        id: `r${at}`,
        suppress: '1h',
        any: [
          { kind: 'value_count', by: ['src_ip'], within: '1h', field, gte: [15, 250, 5000][at] },
          {
            kind: 'window',
            by: ['src_ip'],
            within: '1h',
            measures: { x: { share_of: field, at_most: 2, gte: 0.8 }, n: { count: true, gte: 100 } },
          },
          { kind: 'new_value', by: ['src_ip'], fields: [field], learn: '1s', memory: 128 },
        ],
      })),
    )
    let rows: ReadonlyMap<string, string> = new Map()
    let most = 0
    for (let from = 0; from < 100_000; from += 5000) {
      rows = play(
        rules,
        series(5000, 50, (at) => varied(from + at), from * 50),
        { rows },
      ).rows
      most = Math.max(most, largest(rows))
    }
    expect(rows.size).toBeLessThan(5)
    expect(most).toBeLessThan(mostRowBytes)
  })

  test('all kinds at once stay below the cap for a group that everything happens in', { timeout: 120_000 }, () => {
    const rules = everyKind()
    const events = series(30_000, 20, (at) => ({
      ...varied(at),
      user_uid: at % 2 === 0 ? 'one' : `user-${at}`,
      action: (['login', 'data_read', 'heartbeat'] as const)[at % 3] ?? 'login',
      status_id: at % 4 === 0 ? 1 : 2,
    }))
    const { rows } = play(rules, events, { cuts: [1000] })
    const own = [...rows].filter(([key]) => key === 'g|src_ip|203.0.113.7' || key === 'g|account|one' || key === 't|')
    expect(own).toHaveLength(3)
    expect(largest(rows)).toBeLessThan(mostRowBytes)
  })

  test('the rules that are shipped: an address that does everything at once', { timeout: 120_000 }, () => {
    const rules = loadRuleFolder()
    const kinds = [
      'login',
      'signup',
      'otp_send',
      'http_request',
      'data_read',
      'access_denied',
      'payment_attempt',
      'token_check',
      'user_lookup',
    ] as const
    let rows: ReadonlyMap<string, string> = new Map()
    let most = 0
    for (let from = 0; from < 20_000; from += 1000) {
      const events = series(
        1000,
        100,
        (at) => ({ ...varied(from + at), action: kinds[at % kinds.length] ?? 'login' }),
        from * 100,
      )
      rows = play(rules, events, { rows }).rows
      most = Math.max(most, largest(rows))
    }
    expect(most).toBeLessThan(mostRowBytes)
  })

  test('a quiet user takes a few hundred bytes, and nothing when the time is over', () => {
    const rules = loadRuleFolder()
    const visit = [
      event(0, { status_id: 1, user_uid: 'ada' }),
      event(5 * second, { action: 'http_request', user_uid: 'ada', path: '/' }),
    ]
    const { rows } = play(rules, visit)
    const own = [...rows].filter(([key]) => key.startsWith('g|account'))
    expect(own.length).toBeGreaterThan(0)
    for (const [, row] of own) expect(row.length).toBeLessThan(2048)
  })
})

describe('expiry', () => {
  const rules = rulesOf({ suppress: '2h', any: [{ kind: 'event_count', by: ['src_ip'], within: '10m', gte: 3 }] })

  test('a row says from when on nobody can miss it', () => {
    const { rows } = play(rules, series(2, second))
    const row = JSON.parse(rows.get('g|src_ip|203.0.113.7') ?? 'null')
    expect(expiresOf(row)).toBe(startMs + second + 20 * 60 * second)
    expect(expiresOf(null)).toBe(0)
    expect(expiresOf({ x: 'later' })).toBe(0)
  })

  test('without the dead rows everything is as with them', () => {
    const before = play(rules, [...series(5, second), ...series(2, second, () => ({ src_ip: '198.51.100.2' }))])
    const later = [event(30 * day, { src_ip: '198.51.100.9' }), ...series(3, second, () => ({}), 30 * day + hour)]
    const alive = new Map([...before.rows].filter(([, row]) => expiresOf(JSON.parse(row)) > startMs + 30 * day))
    expect(alive.size).toBe(1)
    const keep = play(rules, later, { rows: before.rows })
    const swept = play(rules, later, { rows: alive })
    expect(swept.findings).toEqual(keep.findings)
    expect(swept.rows.get('g|src_ip|203.0.113.7')).toBe(keep.rows.get('g|src_ip|203.0.113.7'))
  })
})

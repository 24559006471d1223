import { describe, expect, test } from 'vitest'
import { event, hour, minute, play, rulesOf, second, series, startMs } from './playing.ts'

const rules = rulesOf({
  suppress: '1h',
  any: [
    { kind: 'event_count', by: ['src_ip'], within: '10m', gte: 10 },
    { kind: 'event_count', by: ['src_ip'], within: '10m', gte: 50, severity: 'critical' },
  ],
})
const attack = (count: number, everyMs: number, fromMs = 0, ip = '203.0.113.7') =>
  series(count, everyMs, () => ({ src_ip: ip }), fromMs)

describe('suppression', () => {
  test('one attack is one finding', () => {
    const { findings, counters } = play(rules, attack(40, second))
    expect(findings).toHaveLength(1)
    expect(counters.get('probe')).toEqual({ evaluations: 40, hits: 31, suppressed: 30, findings: 1 })
  })

  test('the same key again when it becomes worse', () => {
    const { findings } = play(rules, attack(80, second))
    expect(findings.map(({ severity }) => severity)).toEqual(['medium', 'critical'])
    expect(new Set(findings.map(({ key }) => key)).size).toBe(1)
  })

  test('of several clauses that hold the worst one speaks, wherever it stands', () => {
    const [mild, grave] = [
      { kind: 'match', severity: 'low' },
      { kind: 'match', severity: 'high' },
    ]
    for (const any of [
      [mild, grave, mild],
      [grave, mild],
    ]) {
      expect(play(rulesOf({ any }), [event(0)]).findings.map(({ severity }) => severity)).toEqual(['high'])
    }
  })

  test('the key stays for as long as the attack goes on, whatever hour it is', () => {
    const { findings } = play(rules, attack(20 * 60, minute / 2))
    const keys = new Set(findings.map(({ key }) => key))
    expect(keys.size).toBe(1)
    // Told again once an hour, not with every event.
    expect(findings.length).toBe(10)
    const spans = findings.slice(1).map(({ timeMs }, at) => timeMs - (findings[at]?.timeMs ?? 0))
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(hour)
  })

  test('after the quiet time it is a new attack', () => {
    const keys = (pauseMs: number) =>
      new Set(play(rules, [...attack(10, second), ...attack(11, second, pauseMs)]).findings.map(({ key }) => key)).size
    expect(keys(hour - minute)).toBe(1)
    expect(keys(hour + minute)).toBe(2)
  })

  test('others are others', () => {
    const two = [...attack(12, second), ...attack(12, second, 0, '198.51.100.1')]
    expect(new Set(play(rules, two).findings.map(({ key }) => key)).size).toBe(2)
    const other = rulesOf({ id: 'other', suppress: '1h', any: [{ kind: 'match' }] })
    const mine = rulesOf({ suppress: '1h', any: [{ kind: 'match' }] })
    const one = event(0)
    expect(play(other, [one]).findings[0]?.key).not.toBe(play(mine, [one]).findings[0]?.key)
  })

  test('dedup fields decide what one attack is', () => {
    const wide = rulesOf({ suppress: '1h', dedup: ['src_net'], any: [{ kind: 'match' }] })
    const events = series(5, second, (at) => ({ src_ip: `203.0.113.${at}` }))
    expect(play(wide, events).findings).toHaveLength(1)
    const none = rulesOf({ suppress: '1h', dedup: [], entity: { kind: 'tenant' }, any: [{ kind: 'match' }] })
    const { findings } = play(none, events)
    expect(findings).toHaveLength(1)
    expect(findings[0]?.entity).toEqual({ kind: 'tenant', id: 'acme' })
  })

  test('a year of old events is one finding, not one each', () => {
    const match = rulesOf({ suppress: '1h', any: [{ kind: 'match' }] })
    const old = series(300, 24 * hour, () => ({ src_ip: '198.51.100.9' }), -300 * 24 * hour)
    const { findings, aside } = play(match, [event(0), ...old])
    expect(aside.late).toBe(300)
    expect(findings).toHaveLength(2)
  })
})

describe('tiers', () => {
  const match = (parts: Record<string, unknown>) => rulesOf({ any: [{ kind: 'match' }], ...parts })

  test('an incubating rule tells nobody, one in its quiet days neither, one that is off finds nothing', () => {
    expect(play(match({}), [event(0)]).findings[0]?.quiet).toBe(false)
    expect(play(match({ maturity: 'incubating' }), [event(0)]).findings[0]?.quiet).toBe(true)
    expect(play(match({ maturity: 'off' }), [event(0)]).findings).toEqual([])
    const week = [event(0), event(6 * 24 * hour), event(7 * 24 * hour)]
    const young = play(match({ quiet: '7d' }), week, { sinceMs: startMs }).findings
    expect(young.map(({ quiet }) => quiet)).toEqual([true, true, false])
  })

  test('a tenant quietens or switches off a rule', () => {
    const rule = match({})
    expect(play(rule, [event(0)], { settings: { probe: { mode: 'quiet' } } }).findings[0]?.quiet).toBe(true)
    expect(play(rule, [event(0)], { settings: { probe: { mode: 'off' } } }).findings).toEqual([])
    const stored = new Map([['probe', { mode: 'off', settings: {} }]])
    expect(play(rule, [event(0)], { settings: stored }).findings).toEqual([])
  })
})

describe('what a finding says', () => {
  test('facts, entities, evidence and a sentence of them', () => {
    const rule = rulesOf({
      number: 2,
      attack: ['T1110.004'],
      response: 'block_ip',
      related: [
        { kind: 'account', field: 'account' },
        { kind: 'device', field: 'device' },
      ],
      explain: '{count} failures from {src_ip} ({asn}) within {within}.',
      any: [{ kind: 'event_count', by: ['src_ip'], within: '10m', gte: 3, name: 'fast' }],
    })
    const events = series(3, second, () => ({ user_uid: 'u' }))
    const [finding] = play(rule, events).findings
    expect(finding).toMatchObject({
      tenant: 'acme',
      rule: 'probe',
      ruleVersion: 1,
      detection: 2,
      severity: 'medium',
      entity: { kind: 'ip', id: '203.0.113.7' },
      related: [{ kind: 'account', id: 'u' }],
      firstMs: events[0]?.time,
      timeMs: events[2]?.time,
      events: 3,
      evidence: events.map(({ id }) => id),
      facts: { count: 3, within: '10 min', src_ip: '203.0.113.7', asn: 'unknown', clause: 'fast' },
      explanation: '3 failures from 203.0.113.7 (unknown) within 10 min.',
      attack: ['T1110.004'],
      response: 'block_ip',
    })
  })

  test('without a sentence it makes one of the figures', () => {
    const rule = rulesOf({ any: [{ kind: 'event_count', by: ['src_ip'], within: '10m', gte: 2 }] })
    expect(play(rule, series(2, 1)).findings[0]?.explanation).toBe('Probe: count 2, within 10 min.')
  })
})

describe('settings', () => {
  const rule = rulesOf({
    settings: { least: { default: 3, min: 2, max: 100 }, window: '10m', home: ['DE'] },
    detection: {
      failed: { action: 'login', status_id: 2 },
      home: { country: '$home' },
      condition: 'failed and not home',
    },
    any: [{ kind: 'event_count', by: ['src_ip'], within: '$window', gte: '$least' }],
  })
  const events = series(4, 4 * minute, () => ({ country: 'FR' }))
  const found = (values: Record<string, never>) =>
    play(rule, events, { settings: { probe: { values } } }).findings.length

  test('a tenant sets what it likes within the bounds', () => {
    expect(found({})).toBe(2)
    expect(found({ least: 4 } as never)).toBe(0)
    expect(found({ least: 4, window: '30m' } as never)).toBe(1)
    expect(found({ home: ['FR'] } as never)).toBe(0)
    const stored = new Map([['probe', { mode: 'on', settings: { home: ['FR'] } }]])
    expect(play(rule, events, { settings: stored }).findings).toHaveLength(0)
  })

  test.each<[string, unknown, string]>([
    ['least', '3', 'a number such as 3'],
    ['least', 1, 'at least 2'],
    ['least', 101, 'at most 100'],
    ['least', -5, '0 or more'],
    ['least', Number.NaN, '0 or more'],
    ['window', 10, 'a duration such as "10m"'],
    ['window', 'long', 'a duration such as "10m"'],
    ['window', '0s', 'a duration above 0'],
    ['home', 'DE', 'a list such as ["DE"]'],
    ['other', 1, 'one of least, window, home'],
    ['__proto__', 1, 'one of least, window, home'],
  ])('%s: %j is told, left out, and the rule runs on', (name, value, expected) => {
    const values = Object.fromEntries([[name, value]]) as never
    const { problems } = rule.forTenant({ probe: { values } })
    expect(problems.map(({ mistake }) => mistake.expected).join()).toContain(expected)
    expect(found(values)).toBe(2)
  })
})

import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { event, hitsOf, hour, minute, play, rulesOf, second, series } from './playing.ts'

const detection = {
  a: { action: 'login', status_id: 2 },
  b: { action: 'login', status_id: 1 },
  c: { action: 'email_change' },
}
const a = (atMs: number, parts: Partial<SecurityEvent> = {}) => event(atMs, { user_uid: 'u', ...parts })
const b = (atMs: number, parts: Partial<SecurityEvent> = {}) => a(atMs, { status_id: 1, ...parts })
const c = (atMs: number, parts: Partial<SecurityEvent> = {}) =>
  a(atMs, { action: 'email_change', status_id: 1, ...parts })
const stages = (kind: string, parts: Record<string, unknown> = {}) =>
  rulesOf({
    detection,
    any: [
      { kind, by: ['user_uid'], within: '10m', stages: [{ of: 'a' }, { of: 'b' }, { of: 'c' }], ...parts },
      // Uses every selection, and never holds.
      { kind: 'match', of: 'a and b and c' },
    ],
  })

describe('temporal_ordered', () => {
  const rules = stages('temporal_ordered')

  test('fires with the last stage, in order and in time', () => {
    expect(hitsOf(rules, [a(0), b(1), c(2)])).toBe(1)
    expect(hitsOf(rules, [a(0), b(1)])).toBe(0)
    expect(hitsOf(rules, [b(0), a(1), c(2)])).toBe(0)
    expect(hitsOf(rules, [c(0), b(1), a(2)])).toBe(0)
    expect(hitsOf(rules, [a(0), b(minute), c(10 * minute - 1)])).toBe(1)
    expect(hitsOf(rules, [a(0), b(minute), c(10 * minute)])).toBe(0)
    expect(hitsOf(rules, [a(0), b(1), a(9 * minute), c(10 * minute)])).toBe(0)
    expect(hitsOf(rules, [a(0), b(1), a(9 * minute), b(9.5 * minute), c(10 * minute)])).toBe(1)
    expect(play(rules, [a(0), b(minute), c(2 * minute)]).findings[0]?.facts).toEqual({ seconds: 120, within: '10 min' })
  })

  test('a stage that arrives late still completes it', () => {
    expect(hitsOf(rules, [a(0), c(2 * minute), b(minute)])).toBe(1)
    expect(hitsOf(rules, [b(minute), c(2 * minute), a(0)])).toBe(1)
    expect(hitsOf(rules, [b(minute), c(2 * minute), a(90 * second)])).toBe(0)
  })

  test('groups do not help one another', () => {
    expect(hitsOf(rules, [a(0), b(1, { user_uid: 'v' }), c(2)])).toBe(0)
  })

  test('a stage may want several events', () => {
    const several = stages('temporal_ordered', { stages: [{ of: 'a', count: 5 }, { of: 'b' }] })
    expect(hitsOf(several, [a(0), a(1), a(2), a(3), b(5)])).toBe(0)
    expect(hitsOf(several, [a(0), a(1), a(2), a(3), a(4), b(5)])).toBe(1)
    expect(hitsOf(several, [a(0), a(1), b(2), a(3), a(4), a(5)])).toBe(0)
    const last = stages('temporal_ordered', { stages: [{ of: 'a' }, { of: 'b', count: 2 }] })
    expect(hitsOf(last, [a(0), b(1)])).toBe(0)
    expect(hitsOf(last, [b(0), a(1), b(2)])).toBe(0)
    expect(hitsOf(last, [a(0), b(1), b(2)])).toBe(1)
  })

  test('an event does not follow itself', () => {
    const twice = stages('temporal_ordered', { stages: [{ of: 'a' }, { of: 'a' }] })
    expect(hitsOf(twice, [a(0)])).toBe(0)
    expect(hitsOf(twice, [a(0), a(1)])).toBe(1)
  })

  test('differs: another network than at the stage before', () => {
    const moved = stages('temporal_ordered', {
      stages: [{ of: 'a' }, { of: 'b', differs: ['asn', 'ua_family'] }],
    })
    const home = { asn: 1, ua_family: 'Firefox' }
    expect(hitsOf(moved, [a(0, home), b(1, home)])).toBe(0)
    expect(hitsOf(moved, [a(0, home), b(1, { ...home, asn: 2 })])).toBe(1)
    expect(hitsOf(moved, [a(0, home), b(1, { ...home, ua_family: 'curl' })])).toBe(1)
    expect(hitsOf(moved, [a(0, home), b(1, {})])).toBe(0)
    // The other network may have been longer ago than the same one.
    expect(hitsOf(moved, [a(0, { asn: 2 }), a(1, { asn: 1 }), b(2, { asn: 1 })])).toBe(1)
    expect(
      hitsOf(moved, [a(0, { asn: 2 }), ...series(50, 1, () => ({ user_uid: 'u', asn: 1 }), 1), b(99, { asn: 1 })]),
    ).toBe(1)
  })

  test('by: the same person under another name', () => {
    const aliased = rulesOf({
      detection: { a: detection.b, grant: { action: 'role_grant' } },
      any: [
        {
          kind: 'temporal_ordered',
          by: ['actor_uid'],
          within: '10m',
          stages: [{ of: 'a', by: ['user_uid'] }, { of: 'grant' }],
        },
      ],
    })
    const grant = (actor: string) => event(5, { action: 'role_grant', actor_uid: actor, user_uid: 'x' })
    expect(hitsOf(aliased, [b(0), grant('u')])).toBe(1)
    expect(hitsOf(aliased, [b(0), grant('x')])).toBe(0)
  })
})

describe('temporal', () => {
  const rules = stages('temporal')

  test('any order, one window', () => {
    expect(hitsOf(rules, [c(0), b(1), a(2)])).toBe(1)
    expect(hitsOf(rules, [c(0), a(2)])).toBe(0)
    expect(hitsOf(rules, [c(0), b(1), a(10 * minute)])).toBe(0)
    expect(hitsOf(rules, [c(0), b(1), a(10 * minute - 1)])).toBe(1)
    // The late one is within ten minutes of the two others, not of the last event.
    expect(hitsOf(rules, [c(5 * minute), b(14 * minute), a(6 * minute)])).toBe(1)
  })
})

describe('absent', () => {
  const rules = (parts: Record<string, unknown> = {}) =>
    rulesOf({
      detection: { strong: { action: 'mfa_verification', status_id: 1 }, grant: { action: 'role_grant' } },
      any: [
        {
          kind: 'absent',
          of: 'grant',
          unless: 'strong',
          by: ['actor_uid'],
          unless_by: ['user_uid'],
          within: '15m',
          ...parts,
        },
      ],
    })
  const grant = (atMs: number) => event(atMs, { action: 'role_grant', actor_uid: 'u', user_uid: 'x' })
  const strong = (atMs: number, user = 'u') => event(atMs, { action: 'mfa_verification', status_id: 1, user_uid: user })

  test('fires unless the other came shortly before', () => {
    expect(hitsOf(rules(), [grant(0)])).toBe(1)
    expect(hitsOf(rules(), [strong(0), grant(15 * minute - 1)])).toBe(0)
    expect(hitsOf(rules(), [strong(0), grant(15 * minute)])).toBe(1)
    expect(hitsOf(rules(), [strong(0, 'x'), grant(1)])).toBe(1)
    expect(hitsOf(rules(), [strong(2), grant(1)])).toBe(1)
    expect(hitsOf(rules(), [...Array.from({ length: 20 }, (_, at) => strong(at)), grant(minute)])).toBe(0)
  })

  test('is silent while it cannot know', () => {
    const learning = rules({ learn: '1h' })
    expect(hitsOf(learning, [grant(0), grant(hour - 1)])).toBe(0)
    expect(hitsOf(learning, [grant(0), grant(hour)])).toBe(1)
  })
})

describe('rules that look at rules', () => {
  const storm = {
    id: 'storm',
    suppress: '1h',
    any: [{ kind: 'event_count', by: ['src_ip'], within: '10m', gte: 5 }],
  }
  const after = {
    id: 'after',
    severity: 'critical',
    suppress: '1h',
    detection: { worked: { action: 'login', status_id: 1 } },
    any: [
      {
        kind: 'temporal_ordered',
        by: ['src_ip'],
        within: '60m',
        stages: [{ of: { rule: 'storm' } }, { of: 'worked' }],
      },
    ],
  }

  test('work in whatever order they come', () => {
    const events = [...series(5, second), b(minute)]
    for (const rules of [rulesOf(storm, after), rulesOf(after, storm)]) {
      expect(play(rules, events).findings.map(({ rule }) => rule)).toEqual(['storm', 'after'])
      expect(play(rules, events, { cuts: [1] }).findings.map(({ rule }) => rule)).toEqual(['storm', 'after'])
      expect(play(rules, events.slice(1)).findings).toEqual([])
    }
  })

  test('a suppressed hit feeds the chain: the attack that went on for hours is still one', () => {
    const long = [...series(300, minute), b(301 * minute)]
    expect(play(rulesOf(storm, after), long).findings.some(({ rule }) => rule === 'after')).toBe(true)
  })

  test('an onset is the first hit of an attack only', () => {
    const counted = (onset: boolean) => ({
      id: 'counted',
      detection: {},
      any: [{ kind: 'event_count', of: { rule: 'storm', onset }, by: ['src_ip'], within: '24h', gte: 2 }],
    })
    const once = series(20, second)
    expect(play(rulesOf(storm, counted(false)), once).counters.get('counted')?.hits).toBe(15)
    expect(play(rulesOf(storm, counted(true)), once).counters.get('counted')?.hits).toBe(0)
    const twice = [...once, ...series(20, second, () => ({}), 3 * hour)]
    expect(play(rulesOf(storm, counted(true)), twice).counters.get('counted')?.hits).toBe(1)
  })

  test('a signal feeds others and says nothing itself', () => {
    const { findings, counters } = play(rulesOf({ ...storm, signal: true }, after), [...series(5, second), b(minute)])
    expect(findings.map(({ rule }) => rule)).toEqual(['after'])
    expect(counters.get('storm')).toEqual({ evaluations: 5, hits: 1, suppressed: 0, findings: 0 })
  })

  test('a rule that is off never hits', () => {
    const events = [...series(5, second), b(minute)]
    expect(play(rulesOf({ ...storm, maturity: 'off' }, after), events).findings).toEqual([])
    expect(play(rulesOf(storm, after), events, { settings: { storm: { mode: 'off' } } }).findings).toEqual([])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold } from '../../../../bees/security/analysis/fold.ts'
import { foldKeysOf } from '../../../../bees/security/analysis/grouping.ts'
import { type IncidentChange, incidentChange } from '../../../../bees/security/analysis/incident.ts'
import { riskKeyOf } from '../../../../bees/security/analysis/risk.ts'
import { readIncidentSettings } from '../../../../bees/security/analysis/settings.ts'
import { overlay } from '../../../../bees/security/analysis/state-access.ts'
import type { Finding } from '../../../../bees/security/findings.ts'
import type { Json } from '../../../../src/bee/index.ts'
import { seededRandom } from '../../../support/index.ts'
import { findingOf, hourMs, minuteMs, nineMs } from './findings.ts'

const settings = readIncidentSettings(undefined)

/** Folds batches one after the other over one state, as the task does. */
function foldAll(...batches: readonly (readonly Finding[])[]) {
  const state = new Map<string, Json>()
  const changes: IncidentChange[] = []
  for (const batch of batches) {
    const states = overlay(state)
    const folded = fold(batch, states, settings)
    changes.push(...folded.changes)
    for (const [key, row] of states.changed) {
      // As a row comes back from the database: other objects, their members in another order.
      if (row === null) state.delete(key)
      else state.set(key, asStored(row))
    }
  }
  return { state, changes, last: lastOf(changes) }
}

const lastOf = (changes: readonly IncidentChange[]) => [...new Map(changes.map((one) => [one.incident, one])).values()]

function asStored(value: Json): Json {
  if (Array.isArray(value)) return value.map(asStored)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, asStored(member as Json)]))
}

const account = (id: string) => ({ kind: 'account', id }) as const
const ip = (id: string) => ({ kind: 'ip', id }) as const

describe('one incident for one attack', () => {
  it('opens one, and goes on with it when another rule finds the same address', () => {
    const spray = findingOf({
      ...{ key: 'b', rule: 'password_spraying', timeMs: nineMs + 5 * minuteMs, severity: 'medium', risk: 10 },
    })
    const { changes, last } = foldAll([findingOf({ key: 'a' })], [spray])
    expect(changes.map(({ change }) => change)).toEqual(['opened', 'continued'])
    expect(last).toHaveLength(1)
    expect(last[0]).toMatchObject({
      severity: 'high',
      rules: ['credential_stuffing', 'password_spraying'],
      findings: ['a', 'b'],
      first_ms: nineMs - 10 * minuteMs,
      last_ms: nineMs + 5 * minuteMs,
      events: 26,
      response: 'throttle',
    })
    expect(incidentChange.parse(last[0])).toEqual(last[0])
  })

  it('follows what is related: the account that was attacked and the address that did it', () => {
    const onAccount = findingOf({
      ...{ key: 'a', rule: 'brute_force', severity: 'medium', entity: account('u1'), related: [ip('203.0.113.7')] },
    })
    const success = findingOf({
      ...{ key: 'b', rule: 'success_after_attack', severity: 'critical', entity: account('u2') },
      ...{ related: [ip('203.0.113.7')], timeMs: nineMs + minuteMs, response: 'revoke_sessions' },
    })
    const { changes, last } = foldAll([onAccount], [success])
    expect(changes.map(({ change, severity }) => [change, severity])).toEqual([
      ['opened', 'medium'],
      ['raised', 'critical'],
    ])
    expect(last[0]).toMatchObject({ entity: account('u2'), response: 'revoke_sessions' })
    expect(last[0]?.related).toEqual([account('u1'), ip('203.0.113.7')])
    expect(last[0]?.wants.map(({ entity, response }) => [entity.id, response])).toEqual([['u2', 'revoke_sessions']])
  })

  it('knows a user by the account', () => {
    const one = findingOf({ key: 'a', entity: { kind: 'user', id: 'u1' } })
    const other = findingOf({ key: 'b', rule: 'travel', entity: account('u1') })
    expect(foldAll([one, other]).last).toHaveLength(1)
  })

  it('takes findings about single accounts into a tenant-wide attack of the same technique, while that goes on', () => {
    const wide = findingOf({ key: 'w', rule: 'distributed', entity: { kind: 'tenant', id: 'acme' } })
    const single = (key: string, afterMs: number, attack: string) =>
      findingOf({ key, rule: 'brute_force', entity: account(key), timeMs: nineMs + afterMs, attack: [attack] })
    const inTime = single('u1', hourMs, 'T1110.001')
    const otherTechnique = single('u2', hourMs, 'T1621')
    // Absorbed ones do not keep it alive.
    const later = single('u3', settings.quietMs + minuteMs, 'T1110.001')
    const { last } = foldAll([wide, inTime, otherTechnique, later])
    expect(last.map(({ findings }) => findings)).toEqual([['w', 'u1'], ['u2'], ['u3']])
  })

  it('keeps strangers apart', () => {
    const one = findingOf({ key: 'a', related: [account('u1')] })
    const other = findingOf({ key: 'b', entity: ip('198.51.100.9'), related: [account('u2')] })
    expect(foldAll([one, other]).last).toHaveLength(2)
  })

  it('begins anew after the quiet period, by the time of the events', () => {
    const early = findingOf({ key: 'a' })
    const justIn = findingOf({ key: 'b', timeMs: nineMs + settings.quietMs })
    const tooLate = findingOf({ key: 'c', timeMs: nineMs + 2 * settings.quietMs + 1 })
    const { last } = foldAll([early], [justIn], [tooLate])
    expect(last.map(({ findings }) => findings)).toEqual([['a', 'b'], ['c']])
  })
})

describe('low findings', () => {
  const low = (key: string, address: string, timeMs = nineMs) =>
    findingOf({
      ...{ key, rule: 'probing', severity: 'low', entity: ip(address), timeMs, risk: 5, response: null },
      ...{ attack: ['T1595'], title: 'Route probing' },
    })

  it('are grouped by their rule', () => {
    const { last } = foldAll([low('a', '192.0.2.1'), low('b', '192.0.2.2')], [low('c', '192.0.2.3')])
    expect(last).toHaveLength(1)
    expect(last[0]).toMatchObject({ severity: 'low', entity: { kind: 'tenant', id: 'acme' }, response: null })
    expect(last[0]?.related.map(({ id }) => id)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
  })

  it('about the entity of a graver incident open none: they go to it', () => {
    const { changes } = foldAll([findingOf({ key: 'a', severity: 'critical' })], [low('b', '203.0.113.7')])
    expect(changes.map(({ change, severity }) => [change, severity])).toEqual([
      ['opened', 'critical'],
      ['continued', 'critical'],
    ])
  })

  it('do not draw a graver one into their group', () => {
    const { last } = foldAll([low('a', '203.0.113.7')], [findingOf({ key: 'b' })])
    expect(last.map(({ severity, findings }) => [severity, findings])).toEqual([
      ['low', ['a']],
      ['high', ['b']],
    ])
  })

  it('of several rules about one entity add up to something grave', () => {
    const rules = ['probing', 'enumeration', 'rate_limit']
    const all = rules.flatMap((rule, index) =>
      [0, 1].map((n) => ({ ...low(`${rule}${n}`, '192.0.2.1', nineMs + index * minuteMs + n), rule, risk: 20 })),
    )
    const { last } = foldAll(all)
    const own = last.find(({ entity }) => entity.kind === 'ip')
    expect(own).toMatchObject({ entity: ip('192.0.2.1'), severity: 'high' })
    expect(own?.explanation).toContain('The risk of address 192.0.2.1 is')
    // One rule alone cannot talk it up.
    const alone = Array.from({ length: 20 }, (_, n) => ({ ...low(`p${n}`, '192.0.2.1', nineMs + n), risk: 20 }))
    expect(foldAll(alone).last.map(({ severity }) => severity)).toEqual(['low'])
  })
})

describe('findings on trial', () => {
  it('make incidents of their own that are quiet, and add no risk', () => {
    const quiet = findingOf({ key: 'q', rule: 'new_rule', severity: 'critical', quiet: true })
    const { last, state } = foldAll([findingOf({ key: 'a' }), quiet])
    expect(last.map(({ quiet: isQuiet, severity }) => [isQuiet, severity])).toEqual([
      [false, 'high'],
      [true, 'critical'],
    ])
    expect(state.get('risk|ip|203.0.113.7')).toMatchObject({ total: 30 })
  })
})

describe('the same finding again', () => {
  it('counts once', () => {
    const { last, state } = foldAll([findingOf({ key: 'a' })], [findingOf({ key: 'a', timeMs: nineMs + minuteMs })])
    expect(last[0]).toMatchObject({ findings: ['a'], events: 26, last_ms: nineMs + minuteMs, risk: 30 })
    expect(state.get('risk|ip|203.0.113.7')).toMatchObject({ total: 30 })
  })

  it('may have become graver', () => {
    const { changes } = foldAll([findingOf({ key: 'a' })], [findingOf({ key: 'a', severity: 'critical' })])
    expect(changes.map(({ change, wants }) => [change, wants.length])).toEqual([
      ['opened', 1],
      ['raised', 1],
    ])
  })
})

it('halves risk in 24 h, whichever finding comes first', () => {
  const first = findingOf({ key: 'a' })
  const dayLater = findingOf({ key: 'b', rule: 'other', timeMs: nineMs + 24 * hourMs, risk: 8 })
  const forwards = foldAll([first, dayLater]).state.get('risk|ip|203.0.113.7')
  const backwards = foldAll([dayLater, first]).state.get('risk|ip|203.0.113.7')
  expect(forwards).toMatchObject({ total: 23, at: nineMs + 24 * hourMs })
  expect(backwards).toMatchObject({ total: 23, at: nineMs + 24 * hourMs })
})

it('comes to the same however the findings are cut, asks for no row that it has not named, and stays small', () => {
  const { seed } = seededRandom()
  const ids = ['a', 'b', 'c', 'd']
  const entities = fc.record({
    kind: fc.constantFrom('ip', 'account', 'user', 'session', 'tenant', 'net', 'endpoint', 'stream'),
    id: fc.constantFrom(...ids),
  }) as fc.Arbitrary<Finding['entity']>
  const some = fc.record({
    key: fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`),
    rule: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
    severity: fc.constantFrom('info', 'low', 'medium', 'high', 'critical') as fc.Arbitrary<Finding['severity']>,
    confidence: fc.constantFrom('low', 'medium', 'high') as fc.Arbitrary<Finding['confidence']>,
    entity: entities,
    related: fc.array(entities, { maxLength: 6 }),
    attack: fc.constantFrom([], ['T1110.003'], ['T1110.004', 'T1078']),
    timeMs: fc.integer({ min: 0, max: 30 * hourMs }).map((ms) => nineMs + ms),
    response: fc.constantFrom(null, 'notify', 'block_ip') as fc.Arbitrary<Finding['response']>,
    risk: fc.integer({ min: 0, max: 60 }),
    quiet: fc.boolean(),
    explanation: fc.string({ maxLength: 500 }),
  })
  fc.assert(
    fc.property(fc.array(some, { maxLength: 120 }), fc.array(fc.integer({ min: 1, max: 12 })), (raw, cuts) => {
      const findings = raw.map(findingOf).sort((a, b) => a.timeMs - b.timeMs)
      const batches: Finding[][] = []
      for (let from = 0, n = 0; from < findings.length; n += 1) {
        const size = cuts[n % Math.max(1, cuts.length)] ?? 7
        batches.push(findings.slice(from, from + size))
        from += size
      }
      const whole = foldAll(findings)
      const cut = foldAll(...batches)
      expect(JSON.stringify([...cut.state].sort())).toBe(JSON.stringify([...whole.state].sort()))
      for (const change of whole.changes) incidentChange.parse(change)
      const named = new Set(foldKeysOf(findings, riskKeyOf))
      for (const [key, row] of whole.state) {
        expect(named.has(key) || key.startsWith('incident|')).toBe(true)
        expect(JSON.stringify(row).length).toBeLessThan(20_000)
      }
    }),
    { seed: seed | 0, numRuns: 300 },
  )
})

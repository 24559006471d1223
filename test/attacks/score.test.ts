import { describe, expect, it } from 'vitest'
import type { Finding } from '../../bees/security/findings.ts'
import { day, minute } from './clock.ts'
import { createEventMaker } from './event-maker.ts'
import { tally } from './report.ts'
import { type Alert, concerns, figuresOf, median, type Score, scoreOf } from './score.ts'
import { heldOutSeeds, tuningSeeds } from './seeds.ts'
import { type Attack, createAttack, eventsUntil, graceMs, noteEvent } from './truth.ts'

const make = createEventMaker()
const start = Date.UTC(2026, 2, 4)

/** Ten failures against one account, a minute apart. */
function guessing(): Attack {
  const attack = createAttack(1, 'fast')
  for (let i = 0; i < 10; i += 1) {
    noteEvent(
      attack,
      make(start + i * minute, { action: 'login', status_id: 2, user_uid: 'u1', src_ip: '203.0.113.9' }),
    )
  }
  return attack
}

function finding(over: Partial<Finding>): Finding {
  return {
    key: 'k1',
    tenant: 'acme',
    rule: 'brute-force',
    ruleVersion: 1,
    detection: 1,
    title: 'Guessing',
    severity: 'high',
    confidence: 'high',
    entity: { kind: 'user', id: 'u1' },
    related: [],
    timeMs: start + 5 * minute,
    firstMs: start,
    events: 6,
    evidence: [],
    facts: {},
    explanation: '',
    attack: [],
    response: null,
    risk: 10,
    quiet: false,
    ...over,
  }
}

const alertOf = (one: Finding): Alert => ({
  timeMs: one.timeMs,
  severity: one.severity,
  rules: [one.rule],
  entity: one.entity,
  findings: [one],
})

/** One attack among 1 000 users in one week. */
const scored = (findings: readonly Finding[], attack = guessing()): Score =>
  scoreOf({ users: 1000, days: 7, events: 100, attacks: [attack] }, findings, findings.map(alertOf))

describe('what concerns an attack', () => {
  const attack = guessing()
  const inTime = { timeMs: start + minute }

  it('is a finding about its entities in its time', () => {
    expect(concerns(finding(inTime), attack)).toBe(true)
    expect(concerns(finding({ ...inTime, entity: { kind: 'ip', id: '203.0.113.9' } }), attack)).toBe(true)
    expect(concerns(finding({ timeMs: attack.endMs + graceMs }), attack)).toBe(true)
  })

  it('is not one before or long after it, nor one about somebody else', () => {
    expect(concerns(finding({ timeMs: start - 1 }), attack)).toBe(false)
    const late = attack.endMs + graceMs + 1
    expect(concerns(finding({ timeMs: late, firstMs: late }), attack)).toBe(false)
    // A slow window may still hold the attack, but not one of the day before yesterday.
    expect(concerns(finding({ timeMs: late, firstMs: start }), attack)).toBe(true)
    expect(concerns(finding({ timeMs: late + day, firstMs: start }), attack)).toBe(false)
    expect(concerns(finding({ ...inTime, entity: { kind: 'user', id: 'u2' } }), attack)).toBe(false)
    // What is merely related may be related to half of the town.
    const related = [{ kind: 'user', id: 'u1' }] as const
    expect(concerns(finding({ ...inTime, entity: { kind: 'tenant', id: 'acme' }, related }), attack)).toBe(false)
  })

  it('is always one that rests on its events', () => {
    const [id = ''] = attack.events
    expect(concerns(finding({ entity: { kind: 'tenant', id: 'acme' }, evidence: ['other', id] }), attack)).toBe(true)
  })

  it('is nothing about people who were merely on its list, nor about what everybody uses', () => {
    const sprayed = createAttack(3, 'fast')
    sprayed.crowd.add('u7')
    const event = {
      action: 'login',
      status_id: 2,
      user_uid: 'u7',
      src_ip: '203.0.113.9',
      api_key_id: 'pk_web',
    } as const
    noteEvent(sprayed, make(start, event))
    expect([...sprayed.entities]).toEqual(['ip:203.0.113.9'])
  })
})

describe('the score', () => {
  it('counts the events until the first finding', () => {
    const { outcomes } = scored([finding({ timeMs: start + 7 * minute }), finding({ key: 'k2' })])
    expect(outcomes[0]?.found).toMatchObject({ events: 6, rule: 'brute-force' })
    const attack = guessing()
    expect([start - 1, start, start + 2.5 * minute, start + 99 * minute].map((at) => eventsUntil(attack, at))).toEqual([
      1, 1, 3, 10,
    ])
  })

  it('a world with nothing told has recall 0 and nothing false', () => {
    expect(figuresOf([scored([])])).toMatchObject({ recall: 0, precision: 1, alerts: 0, medianEvents: 10 })
  })

  it('quiet and merely informative findings find nothing', () => {
    expect(figuresOf([scored([finding({ quiet: true })])]).recall).toBe(0)
    expect(figuresOf([scored([finding({ severity: 'info' })])]).recall).toBe(0)
    expect(figuresOf([scored([finding({ severity: 'low' })])]).recall).toBe(1)
  })

  it('tells false alerts and false pages per 1 000 users and week', () => {
    const other = { entity: { kind: 'user', id: 'u9' } } as const
    const week = scored([
      finding({}),
      finding({ ...other, key: 'k2', severity: 'medium' }),
      finding({ ...other, key: 'k3' }),
    ])
    expect(week.falsePages.map(({ findings }) => findings[0]?.key)).toEqual(['k3'])
    expect(figuresOf([week])).toMatchObject({
      recall: 1,
      precision: 1 / 3,
      falseAlertsPerWeek: 2,
      falsePagesPerWeek: 1,
    })
    // Two such weeks: the sums double, the rates stay.
    expect(figuresOf([week, week])).toMatchObject({ alerts: 6, falseAlertsPerWeek: 2, falsePagesPerWeek: 1 })
    expect(figuresOf([{ ...week, users: 500, days: 28 }]).falsePagesPerWeek).toBe(0.5)
  })

  it('an incident is true as soon as one of its findings is', () => {
    const own = finding({})
    const strange = finding({ key: 'k2', entity: { kind: 'ip', id: '198.51.100.1' } })
    const mixed: Alert = { ...alertOf(strange), findings: [strange, own] }
    const world = { users: 1000, days: 7, events: 100, attacks: [guessing()] }
    expect(scoreOf(world, [own, strange], [mixed]).falseAlerts).toEqual([])
    expect(scoreOf(world, [own, strange], [alertOf(strange)]).falseAlerts).toHaveLength(1)
  })

  it('counts guessing apart', () => {
    const slow = createAttack(18, 'slow')
    for (let i = 0; i < 40; i += 1) noteEvent(slow, make(start + i, { action: 'data_export', user_uid: 'u5' }))
    const world = { users: 1000, days: 7, events: 100, attacks: [guessing(), slow] }
    const score = scoreOf(world, [finding({})], [])
    expect(figuresOf([score])).toMatchObject({ medianCredentialEvents: 6, medianEvents: 23, recall: 0.5 })
  })

  it('medians and tallies', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
    expect(tally(['b', 'a', 'b'])).toBe('b x2, a')
  })
})

it('no seed is both looked at and held out', () => {
  expect(tuningSeeds.filter((seed) => heldOutSeeds.includes(seed))).toEqual([])
  expect(new Set(heldOutSeeds).size).toBe(heldOutSeeds.length)
})

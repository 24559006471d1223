import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { analyzeSecurity } from '../../../../bees/security/analysis/analyze-security.ts'
import { settingProblems } from '../../../../bees/security/analysis/check-settings.ts'
import { setRule } from '../../../../bees/security/analysis/set-rule.ts'
import { readApprovers } from '../../../../bees/security/respond/index.ts'
import { loadRuleFolder } from '../../../../bees/security/rules/index.ts'
import type { SecurityServices } from '../../../../bees/security/services.ts'
import { defineBee, type Json } from '../../../../src/bee/index.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { ada, approvers, eve, machine } from '../respond/desk.ts'
import { queue } from './scene.ts'

const shipped = loadRuleFolder()
const bee = defineBee<SecurityServices>({
  name: 'security',
  description: 'Settings of rules.',
  services: (env) =>
    ({ alerts: createAlertServices(env), rules: shipped, approvers: readApprovers(env) }) as SecurityServices,
  tasks: { set_rule: setRule, analyze_security: analyzeSecurity },
})

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.drop())
beforeEach(() => rows('delete from security.settings'))

const rows = (sql: string, values: readonly unknown[] = []) => adminQuery(database.url, sql, values)
const env = { SECURITY_APPROVERS: approvers }
const set = async (input: Readonly<Record<string, Json>>, by: string | undefined = ada.kid) =>
  (
    await runTask(
      bee,
      'set_rule',
      { tenant: 'acme', op: 'set', reason: 'our own office', ...input },
      { database, env, submitter: by },
    )
  ).output as { set: boolean; problem: string | null; before: Json; after: Json }
const stored = () => rows('select rule, settings, mode, author, reason, problems from security.settings order by rule')

describe('a person sets a rule otherwise', () => {
  it('by its type, and takes it back', async () => {
    const given = [
      ['credential_stuffing', 'accounts', '30', 30],
      ['credential_stuffing', 'window', '20m', '20m'],
      ['forged_token', 'algorithms', 'none, HS256', ['none', 'HS256']],
      ['*', 'quiet_s', '600', 600],
      ['metric_stream', 'evidence', 'null', null],
    ] as const
    for (const [rule, setting, value, after] of given) {
      expect(await set({ rule, setting, value })).toEqual({ set: true, problem: null, before: null, after })
    }
    expect(await set({ rule: 'credential_stuffing', setting: 'mode', value: 'trial' })).toMatchObject({
      after: 'quiet',
    })
    expect(await set({ rule: 'credential_stuffing', setting: 'accounts', value: '40' })).toMatchObject({ before: 30 })
    const [all, stuffing] = await stored()
    expect(all).toMatchObject({ rule: '*', settings: { quiet_s: 600 } })
    expect(stuffing).toMatchObject({
      ...{ rule: 'credential_stuffing', settings: { accounts: 40, window: '20m' }, mode: 'quiet' },
      ...{ author: 'ada', reason: 'our own office' },
    })
    expect(await set({ rule: 'credential_stuffing', op: 'unset', setting: 'window' })).toMatchObject({ before: '20m' })
    expect(await set({ rule: 'credential_stuffing', op: 'unset' })).toMatchObject({
      before: { accounts: 40, mode: 'quiet' },
      after: null,
    })
    expect((await stored()).map(({ rule }) => rule)).not.toContain('credential_stuffing')
  })

  it('what the rule does not take is refused with what was received and expected, and not stored', async () => {
    for (const [rule, setting, value, problem] of [
      ['no_such', 'accounts', '30', 'received "no_such", expected the id of a rule (docs/detections.md has them all)'],
      ['stuffing', 'accounts', '30', /^received "stuffing", expected the id of a rule, such as .*credential_stuffing/],
      ['credential_stuffing', 'acounts', '30', /^received "acounts", expected one of window, .*, mode$/],
      ['credential_stuffing', '__proto__', '30', /^received "__proto__", expected one of /],
      ['credential_stuffing', 'accounts', 'many', /^received "many", expected a number such as \d+$/],
      ['credential_stuffing', 'accounts', '1e999', /^received "1e999", expected a number/],
      ['credential_stuffing', 'accounts', '-4', 'received -4, expected a number, 0 or more'],
      ['bad_tokens', 'tokens', '4', 'received 4, expected at least 5'],
      ['credential_stuffing', 'window', '15', /^received "15", expected a duration such as "15m"$/],
      ['credential_stuffing', 'window', '0s', /^received /],
      ['credential_stuffing', 'mode', 'silent', /^received "silent", expected on, trial/],
      ['*', 'quiet_s', '3', 'received 3, expected at least 60'],
      ['*', 'mode', 'off', /^received "mode", expected one of quiet_s/],
      ['metric_stream', 'learn_points', '1.5', /^received 1\.5, expected an integer/],
    ] as const) {
      const answer = await set({ rule, setting, value })
      expect(answer).toMatchObject({ set: false })
      expect(answer.problem).toMatch(problem)
    }
    expect(await stored()).toEqual([])
  })

  it('nobody else does, and the audit has each try with its name', async () => {
    const attempt = { rule: 'credential_stuffing', setting: 'mode', value: 'off' }
    expect(await set(attempt, machine)).toMatchObject({ set: false, problem: 'unknown_key' })
    expect(await set(attempt, eve.kid)).toMatchObject({ set: false, problem: 'unknown_key' })
    expect(await stored()).toEqual([])
    await set(attempt)
    const audit = await rows(
      `select entry ->> 'outcome' as outcome, entry #>> '{who,kid}' as kid, entry -> 'subject' as subject
       from security.audit where entry ->> 'op' = 'rule' order by seq desc limit 3`,
    )
    expect(audit.map(({ outcome, kid }) => [outcome, kid])).toEqual([
      ['set', ada.kid],
      ['refused', eve.kid],
      ['refused', machine],
    ])
    expect(audit[0]?.['subject']).toMatchObject({ rule: 'credential_stuffing', setting: 'mode', after: 'off' })
    expect(await rows(`select security.verify_audit('acme') -> 'problems' as wrong`)).toEqual([{ wrong: [] }])
  })

  it('a mistake that stands there does not keep the rest from being set', async () => {
    await rows(`insert into security.settings (tenant, rule, settings) values ('acme', 'bad_tokens', '{"tokens": 1}')`)
    expect(await set({ rule: 'bad_tokens', setting: 'window', value: '10m' })).toMatchObject({ set: true })
    expect(await set({ rule: 'bad_tokens', setting: 'tokens', value: '9' })).toMatchObject({ set: true, before: 1 })
  })
})

describe('what somebody has written into the table', () => {
  const wrong = `insert into security.settings (tenant, rule, settings, mode) values
    ('acme', 'bad_tokens', '{"tokens": 1, "nothing": 2}', null), ('acme', 'no_such', '{}', 'off'),
    ('acme', '*', '{"quiet_s": "soon"}', null), ('acme', 'metric_stream', '{"evidence": -1}', null),
    ('acme', 'forged_token', '{"algorithms": ["none"]}', null)`
  const beat = { tenant: 'acme', source: 'app', class_uid: 6002, activity_id: 1, action: 'heartbeat', status_id: 1 }
  let sent = 0
  const analyse = async () => {
    sent += 1
    await queue(database, [{ ...beat, id: `beat-${sent}`, time: Date.now() - 60_000 + sent }])
    return await runTask(bee, 'analyze_security', {}, { database, env })
  }
  const problems = async () => Object.fromEntries((await stored()).map((row) => [row['rule'], row['problems']]))

  it('is looked at by the next analysis, noted beside it, and counted once', async () => {
    await rows(wrong)
    expect((await analyse()).counts['settings_refused']).toBe(5)
    expect(await problems()).toEqual({
      bad_tokens: [
        { setting: 'tokens', received: '1', expected: 'at least 5' },
        { setting: 'nothing', received: '"nothing"', expected: expect.stringMatching(/^one of tokens, window/) },
      ],
      no_such: [{ setting: '', received: '"no_such"', expected: expect.stringContaining('the id of a rule') }],
      '*': [{ setting: 'quiet_s', received: '"soon"', expected: expect.stringContaining('number') }],
      metric_stream: [{ setting: 'evidence', received: '-1', expected: 'more than 0' }],
      forged_token: [],
    })
    const again = await analyse()
    expect(again.counts['settings_refused']).toBeUndefined()
    expect(again.counts['events']).toBe(1)
  })

  it('a change takes the word back until it has been looked at', async () => {
    await rows(wrong)
    await analyse()
    await rows(`update security.settings set settings = '{"tokens": 30}' where rule = 'bad_tokens'`)
    expect(await problems()).toMatchObject({ bad_tokens: null, no_such: [{}] })
    await analyse()
    expect(await problems()).toMatchObject({ bad_tokens: [], no_such: [{}] })
  })

  it('is not noted beside something that is there by now', async () => {
    await rows(wrong)
    const stale = [{ rule: 'bad_tokens', settings: { tokens: 2 }, mode: null, problems: [] }]
    const note = 'select security.note_settings($1) as noted'
    expect(await rows(note, [JSON.stringify({ tenant: 'acme', rules: stale })])).toEqual([{ noted: { noted: 0 } }])
    expect(await problems()).toMatchObject({ bad_tokens: null })
  })
})

it('whatever lies in a row: it is told, and nothing throws', () => {
  for (const settings of [
    {},
    { a: null },
    { tokens: [] },
    { tokens: { x: 1 } },
    { tokens: Number.MAX_VALUE },
    { '': 0 },
  ]) {
    const given = ['bad_tokens', '*', 'metric_stream', 'no_such', '__proto__', 'constructor'].map((rule) => ({
      ...{ rule, settings: settings as Record<string, never>, mode: null, problems: null },
    }))
    const found = settingProblems(given, shipped)
    expect([...found.keys()]).toEqual(given.map(({ rule }) => rule))
    expect(found.get('no_such')).toHaveLength(1)
    expect(found.get('constructor')).toHaveLength(1)
  }
})

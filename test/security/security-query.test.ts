/** The attacker can call `bee_execute` and tries to get more out of a look at the database than a look. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pool } from '../ledger/ledger-database.ts'
import { createDatabase, type TestDatabase } from '../support/index.ts'

let database: TestDatabase
let attacker: ReturnType<typeof pool>
beforeAll(async () => {
  database = await createDatabase()
  attacker = pool(database.url, 'bee')
})
afterAll(async () => {
  await attacker.end()
  await database.drop()
})

const query = async (task: unknown, payload: unknown, over: object = {}) => {
  const call = { v: 1, op: 'query', colony: 'c', process: 'ab'.repeat(32), bee: 'security', task, payload, ...over }
  const { rows } = await attacker.query('select public.bee_execute($1::jsonb) as reply', [JSON.stringify(call)])
  return rows[0].reply as { readonly outcome: string; readonly output?: unknown }
}
const injections = [
  `x' or true --`,
  `"; drop table security.events; --`,
  '%s %I %L',
  '$1',
  '\\',
  `'||pg_sleep(9)||'`,
  '../../etc',
]

describe('a look', () => {
  test.each([
    'show__read',
    'show__read__read',
    'SHOW',
    'show"',
    'show)',
    'record_events',
    '',
    null,
    7,
    ['show'],
    'a'.repeat(60),
  ])('of %j is none of a task that has no such function', async (task) => {
    const answer = await query(task, {}).catch((thrown: { code?: string }) => thrown.code)
    expect(typeof answer === 'string' ? answer : answer?.outcome).toMatch(/^(22023|unknown_task)$/)
    expect(answer).not.toMatchObject({ outcome: 'queried' })
  })

  test.each(injections)('with %j as every text is answered as text', async (text) => {
    const all = {
      tenant: text,
      id: text,
      incident: text,
      plan: text,
      rule: text,
      status: text,
      what: 'incident',
      state: text,
    }
    for (const what of ['status', 'incidents', 'incident']) {
      expect(await query('show', { ...all, what })).toMatchObject({ outcome: 'queried' })
    }
    for (const task of ['show_response', 'show_alerts']) {
      const { plan: _, incident: __, ...rest } = all
      expect(await query(task, all)).toMatchObject({ outcome: 'queried' })
      expect(await query(task, rest)).toMatchObject({ outcome: 'queried' })
    }
  })

  test.each([
    {},
    [],
    null,
    'x',
    { tenant: { a: 1 } },
    { tenant: 'acme', limit: 1e308 },
    { limit: -1 },
    { limit: 'x' },
    { tenant: ['x'], limit: null },
  ])('with %j answers or is refused, and writes nothing', async (payload) => {
    const tasks = [
      'show',
      'show_response',
      'show_alerts',
      'analyze_security',
      'pull_auth_events',
      'deliver_alerts',
      'detect_anomaly',
    ]
    for (const task of tasks) {
      for (const what of ['status', 'incidents', 'notes', 'page', undefined]) {
        const object = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
        const given = object && what !== undefined ? { ...payload, what, op: what } : payload
        const answer = await query(task, given).catch((thrown: { code?: string }) => ({ outcome: String(thrown.code) }))
        // Nothing but a refusal of what was given: no internal error, no cut statement.
        expect(answer.outcome, `${task} ${JSON.stringify(given)}`).toMatch(/^(queried|unknown_task|22\w{3})$/)
      }
    }
  })

  test('cannot make the session write once it has looked', async () => {
    const client = await attacker.connect()
    try {
      await client.query('begin')
      const call = {
        v: 1,
        op: 'query',
        colony: 'c',
        process: 'ab'.repeat(32),
        bee: 'security',
        task: 'show',
        payload: { what: 'status' },
      }
      await client.query('select public.bee_execute($1::jsonb)', [JSON.stringify(call)])
      await expect(client.query('set transaction read write')).rejects.toMatchObject({ code: '25001' })
    } finally {
      await client.query('rollback')
      client.release()
    }
  })
})

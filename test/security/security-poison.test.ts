/** The attacker chooses every text, number and time of an event. One event must not stop, hide or silence others. */

import { expect, test } from 'vitest'
import security from '../../bees/security/bee.ts'
import { actions } from '../../bees/security/events/event.ts'
import type { Json } from '../../src/canonical.ts'
import { adminQuery, createDatabase, seededRandom, type TestDatabase } from '../support/index.ts'
import { runTask } from '../support/run-task.ts'

const env = { SECURITY_PSEUDONYM_KEY: '5c'.repeat(32) }
const record = async (database: TestDatabase, items: readonly object[]) =>
  (await runTask(security, 'record_events', { tenant: 'acme', items: items as Json }, { database, env })).output as {
    readonly accepted: number
  }
const analyse = async (database: TestDatabase) =>
  (await runTask(security, 'analyze_security', { tenant: 'acme' }, { database, env })).output

/** Names that JavaScript knows, separators of our keys, control characters, numbers that are none, lone halves. */
const nasty = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'a|b',
    '|',
    '\\',
    '"',
    "'",
    '%s',
    '$1',
    '{}',
  ],
  ...['\u2028', '\u202e\u0007', '\u0001', '\u001b[2J', 'é'.repeat(40), '💣'.repeat(16), 'x'.repeat(64), '-1', '1e309'],
  ...['NaN', 'null', '*', '<!channel>', '../..', '\ufffe', '\uffff', '\ufeff', 'İ', 'ﬀ', '\t', '\n\r', '0', ' '],
]
const words = [
  ...[
    'source',
    'error_code',
    'user_uid',
    'actor_uid',
    'session_uid',
    'api_key_id',
    'auth_method',
    'http_method',
    'role',
  ],
  ...['resource', 'object_id', 'alg', 'kid', 'metric', 'ja3', 'device', 'ua_family', 'path', 'phone_prefix', 'card'],
]

test('texts that are names of JavaScript, separators or control characters stop nothing', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom()
  await using database = await createDatabase()
  const begin = Date.now() - 300_000
  const items = Array.from({ length: 1500 }, (_, n) => ({
    ...{ id: `${random.pick(nasty)}${n}`, time: begin + n * 100, action: random.pick(actions), source: 'app' },
    ...{ status_id: random.integer(0, 2), value: random.pick([1e308, -1e308, 5e-324, 0, 3]) },
    ip: random.pick(['203.0.113.7', '::1', '2001:db8::7', '::ffff:198.51.100.3', '0.0.0.0']),
    ...Object.fromEntries(words.filter(() => random.boolean(0.6)).map((word) => [word, random.pick(nasty)])),
    data: { [random.pick(nasty.slice(3))]: random.pick(nasty) },
  }))
  const { accepted } = await record(database, items)
  expect(accepted).toBeGreaterThan(1000)
  expect(await analyse(database)).toMatchObject({ events: accepted, set_aside: 0, complete: true })
  expect(await adminQuery(database.url, 'select event from security.inbox')).toEqual([])
})

test('numbers at the ends of what a number can be are kept or refused one by one', { timeout: 60_000 }, async () => {
  await using database = await createDatabase()
  const ends = [5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308, -0, 2 ** 53]
  const fields = ['lat', 'long', 'rows', 'bytes', 'value', 'amount', 'lag_s', 'asn', 'object_number', 'status_code']
  const items = fields.flatMap((field) =>
    ends.map((end, n) => ({
      ...{ id: `${field}-${n}`, time: Date.now() - 60_000, action: 'metric', metric: 'm', value: 1, ip: '203.0.113.7' },
      [field]: end,
    })),
  )
  const { accepted } = await record(database, [...items, { id: 'last', time: Date.now(), action: 'login' }])
  expect(accepted).toBeGreaterThan(20)
  expect(await analyse(database)).toMatchObject({ events: accepted, set_aside: 0, complete: true })
  expect(await adminQuery(database.url, `select id from security.events where id = 'last'`)).toHaveLength(1)
})

test('events of the future and of the past do not hide an attack of now', { timeout: 60_000 }, async () => {
  await using database = await createDatabase()
  const now = Date.now()
  const guess = (n: number, at: number, more: object = {}) => ({
    ...{ id: `g-${at}-${n}`, time: at + n * 1000, action: 'login', status_id: 2, error_code: 'invalid_credentials' },
    ...{ user_uid: 'victim', ip: '203.0.113.7', source: 'supabase_auth', auth_method: 'password', ...more },
  })
  const hourMs = 3_600_000
  const decoys = [4 * 60_000, hourMs, 23 * hourMs, -25 * hourMs, -29 * 24 * hourMs].map((ahead, n) =>
    guess(n, now + ahead, { id: `decoy-${n}` }),
  )
  await record(database, decoys)
  await analyse(database)
  await record(
    database,
    Array.from({ length: 60 }, (_, n) => guess(n, now - 70_000)),
  )
  await analyse(database)
  const found = await adminQuery(database.url, 'select distinct rule from security.findings order by 1')
  expect(found).toContainEqual({ rule: 'brute_force_fast' })
})

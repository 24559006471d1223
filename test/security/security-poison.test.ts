/** The attacker chooses every text of an event: ids, paths, agents, codes. One event must not stop the analysis of others. */

import { expect, test } from 'vitest'
import security from '../../bees/security/bee.ts'
import { actions } from '../../bees/security/events/event.ts'
import type { Json } from '../../src/canonical.ts'
import { adminQuery, createDatabase, seededRandom } from '../support/index.ts'
import { runTask } from '../support/run-task.ts'

const env = { SECURITY_PSEUDONYM_KEY: '5c'.repeat(32) }
const nasty = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'a|b', '|', '\\', '"', "'", '%s', '$1', '{}'],
  ...['\u2028', '\u202e\u0007', '\u0001', '\u001b[2J', 'é'.repeat(40), '💣'.repeat(16), 'x'.repeat(64), '-1', '1e309', 'NaN', 'null'],
  ...['*', '<!channel>', '../..', '\ufffe', '\uffff', '\ufeff', 'İ', 'ﬀ', '\t', '\n\r', '0', ' '],
]

test('texts that are names of JavaScript, separators or control characters stop nothing', { timeout: 120_000 }, async () => {
  const random = seededRandom()
  await using database = await createDatabase()
  const now = Date.now()
  const words = ['source', 'error_code', 'user_uid', 'actor_uid', 'session_uid', 'api_key_id', 'auth_method', 'http_method', 'resource', 'object_id', 'role', 'alg', 'kid', 'metric', 'ja3', 'device', 'email_domain', 'ua_family', 'path', 'currency', 'country', 'phone_prefix', 'card']
  const items = Array.from({ length: 1500 }, (_, n) => ({
    id: `${random.pick(nasty)}${n}`.slice(0, 128),
    time: now - 300_000 + n * 100,
    action: random.pick(actions),
    status_id: random.integer(0, 2),
    ip: random.pick(['203.0.113.7', '::1', '2001:db8::7', '::ffff:198.51.100.3', 'fe80::1%eth0', '0.0.0.0']),
    value: random.pick([1e308, -1e308, 5e-324, 0, 3]),
    amount: random.pick([0, 1, 9007199254740991]),
    rows: random.pick([0, 1, 9007199254740991]),
    ...Object.fromEntries(words.filter(() => random.boolean(0.5)).map((word) => [word, random.pick(nasty)])),
    data: { [random.pick(nasty.filter((t) => !['__proto__', 'constructor', 'prototype'].includes(t)))]: random.pick(nasty) },
  }))
  const { output } = await runTask(security, 'record_events', { tenant: 'acme', items: items as Json }, { database, env })
  console.log(JSON.stringify(output).slice(0, 400))
  const run = await runTask(security, 'analyze_security', { tenant: 'acme' }, { database, env })
  console.log(JSON.stringify(run.output), JSON.stringify(run.counts).slice(0, 500))
  expect(await adminQuery(database.url, 'select count(*)::int as n from security.inbox')).toEqual([{ n: 0 }])
  console.log(await adminQuery(database.url, "select table_name from information_schema.tables where table_schema='security' and table_name like '%aside%' or table_name like '%skip%'"))
})

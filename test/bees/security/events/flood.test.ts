import { describe, expect, test } from 'vitest'
import { login, openDoor } from '../../../http/events/door.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { analysisBee } from '../analysis/analysis-bee.ts'
import { beginOf, queue } from '../analysis/scene.ts'

/** Whoever holds a secret sends as many users, addresses and ids as get through. What grows is bounded, and others are seen. */

const attempt = (id: string, time: number, user: string, ip: string, worked = false) => ({
  ...{ id, tenant: 'acme', time, source: 'app', class_uid: 3002, activity_id: 1, action: 'login' },
  ...{ status_id: worked ? 1 : 2, user_uid: user, account: user, src_ip: ip },
})
const address = (n: number) => `198.${18 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`
const analyse = (database: TestDatabase) => runTask(analysisBee, 'analyze_security', {}, { database })
const count = async (database: TestDatabase, from: string) =>
  Number((await adminQuery(database.url, `select count(*)::int as n from ${from}`))[0]?.['n'])
/** The bound of a test. */
const bound = (database: TestDatabase, name: string, most: number) =>
  adminQuery(
    database.url,
    `create or replace function security.${name}() returns bigint language sql immutable
     set search_path = pg_catalog, pg_temp return ${most}`,
  )
/** Five wrong passwords of one user, `gap` apart, and then the right one. */
const attack = (from: number, gap: number) =>
  Array.from({ length: 7 }, (_, n) => attempt(`real-${n}`, from + n * gap, 'u-victim', '203.0.113.66', n === 6))

describe('a flood of incidents', () => {
  test('opens so many and folds the rest into one; the attack among them has its own, and its plan', {
    timeout: 120_000,
  }, async () => {
    await using database = await createDatabase()
    const fromMs = beginOf(Date.now())
    const flooded = 400
    // From each address guesses at five users of its own: one incident each. All of it within an hour.
    const flood = Array.from({ length: flooded * 5 }, (_, n) =>
      attempt(`flood-${n}`, fromMs + n, `x-${n}`, address(Math.floor(n / 5))),
    )
    // The victim's guesses are among many of the same rule.
    const many = Array.from({ length: 200 * 5 }, (_, n) =>
      attempt(`many-${n}`, fromMs + n, `y-${Math.floor(n / 5)}`, address(20_000 + n)),
    )
    await queue(database, [...flood, ...many])
    await analyse(database)
    await queue(database, attack(fromMs + 60_000, 10_000))
    await analyse(database)

    const opened = await adminQuery(
      database.url,
      `select incident #>> '{rules,-1}' as rule, count(*)::int as n from security.incidents
       where title not like 'A flood of incidents: %' group by 1 order by 1`,
    )
    expect(opened).toEqual([
      { rule: 'guess_account', n: 60 },
      { rule: 'guess_address', n: 60 },
      { rule: 'guessed_right', n: 1 },
    ])
    const told = await adminQuery(
      database.url,
      `select a.body ->> 'title' as title, a.severity, a.body ->> 'events' as findings from security.alerts as a
       where a.body ->> 'title' like 'A flood%' and not a.quiet order by 1`,
    )
    expect(told).toEqual([
      { title: 'A flood of incidents: guess_account', severity: 'medium', findings: expect.any(String) },
      { title: 'A flood of incidents: guess_address', severity: 'high', findings: String(flooded - 60) },
    ])
    // Every finding is kept, and belongs to an incident that is there: with it, it goes one day.
    expect(await count(database, `security.findings where rule = 'guess_address'`)).toBe(flooded)
    expect(
      await count(
        database,
        'security.findings f where not exists (select from security.incidents i where (i.tenant, i.id) = (f.tenant, f.incident))',
      ),
    ).toBe(0)
    // The one that matters: told by itself, critical, and with a plan about the user.
    const real = await adminQuery(
      database.url,
      `select a.severity, p.plan ->> 'severity' as planned, p.mode from security.incidents as i
       join security.alerts as a on a.tenant = i.tenant and a.incident = i.id
       left join security.plans as p on p.incident = i.id
       where i.incident #>> '{rules,-1}' = 'guessed_right'`,
    )
    expect(real).toMatchObject([{ severity: 'critical' }])
    // No plan for each of the others: they would fill the audit, which nobody can shorten.
    expect(await count(database, 'security.plans')).toBeLessThanOrEqual(121)
    expect(await count(database, 'security.alerts')).toBeLessThanOrEqual(123 + 2)
  })

  test('of many rules: each comes through, a few times an hour', async () => {
    await using database = await createDatabase()
    const nowMs = Date.now()
    const change = (rule: string, n: number) => ({
      ...{ incident: `inc_${`${rule.slice(-3)}${n}`.padStart(24, '0').replace(/[^0-9a-f]/g, 'a')}`, change: 'opened' },
      ...{ severity: 'medium', confidence: 'low', title: 't', entity: { kind: 'ip', id: `${rule}-${n}` }, related: [] },
      ...{ rules: [rule], findings: [`${rule}-${n}`], first_ms: nowMs, last_ms: nowMs, events: 1, explanation: '' },
      ...{ response: null, risk: 0, quiet: false, wants: [] },
    })
    for (let rule = 0; rule < 12; rule += 1) {
      const incidents = Array.from({ length: 80 }, (_, n) => ({
        change: change(`rule_${100 + rule}`, n),
        until_ms: nowMs,
      }))
      await adminQuery(database.url, `select security.write_incidents('acme', $1)`, [JSON.stringify(incidents)])
    }
    const opened = await adminQuery(
      database.url,
      `select count(*)::int as n from security.incidents where title = 't' group by opened_by order by opened_by`,
    )
    expect(opened.map(({ n }) => n)).toEqual([60, 60, 60, 60, 56, 5, 5, 5, 5, 5, 5, 5])
    expect(await count(database, `security.incidents where title like 'A flood%'`)).toBe(12)
  })
})

test('a flood of users and addresses: state rows stay bounded, and a slow attack in the same stream is found', {
  timeout: 120_000,
}, async () => {
  await using database = await createDatabase()
  const most = 1500
  await bound(database, 'most_states', most)
  const fromMs = beginOf(Date.now())
  const real = attack(fromMs, 240_000)
  let largest = 0
  for (const [n, one] of real.entries()) {
    const flood = Array.from({ length: 500 }, (_, m) => {
      const id = n * 500 + m
      return attempt(`flood-${id}`, one.time + 1 + m, `x-${id}`, address(id))
    })
    await queue(database, [one, ...flood])
    await analyse(database)
    largest = Math.max(largest, await count(database, 'security.states'))
  }
  expect(largest).toBeLessThanOrEqual(most)
  expect(
    await adminQuery(database.url, `select entity_id from security.findings where rule = 'guessed_right'`),
  ).toEqual([{ entity_id: 'u-victim' }])
  // People hear of it, and the figure that the bound goes by is not less than what there is.
  expect(await count(database, `security.response_alerts where what = 'states' and closed_at is null`)).toBe(1)
  expect(await count(database, 'security.states')).toBeLessThanOrEqual(
    Number((await adminQuery(database.url, 'select states::int as n from security.versions'))[0]?.['n']),
  )
})

test('a flood of ids: what waits is bounded, the sender is told to come again, and what is pulled comes in', async () => {
  await using door = await openDoor()
  await bound(door.database, 'most_waiting', 300)
  const batch = (name: string) => Array.from({ length: 100 }, (_, n) => login(`${name}-${n}`))
  const statuses: number[] = []
  for (let n = 0; n < 6; n += 1) statuses.push((await door.post(batch(`b${n}`))).status)
  expect(statuses).toEqual([200, 200, 200, 503, 503, 503])
  expect(await count(door.database, 'security.inbox')).toBe(300)
  const refused = await door.post(batch('b3'))
  expect([refused.status, refused.headers.get('retry-after'), refused.body['status']]).toEqual([
    503,
    '5',
    'not_durable',
  ])
  // Another tenant, and what the puller brings.
  expect(
    (await door.post(batch('other'), { headers: { authorization: 'Bearer evt_for_others_fedcba9876543210' } })).status,
  ).toBe(200)
  const pulled = await adminQuery(
    door.database.url,
    `select security.record_events('default', jsonb_build_array(jsonb_build_object(
       'id', 'audit:1', 'time', (extract(epoch from now()) * 1000)::bigint, 'source', 'supabase_audit',
       'class_uid', 3002, 'activity_id', 1, 'action', 'login', 'status_id', 1)), 30) as told`,
  )
  expect(pulled[0]?.['told']).toMatchObject({ accepted: 1 })
  // There is room again: the same batch is taken, once.
  await adminQuery(door.database.url, `delete from security.inbox where tenant = 'default'`)
  expect((await door.post(batch('b3'))).body).toMatchObject({ accepted: 100 })
  expect(await count(door.database, `security.events where id like 'b3-%'`)).toBe(100)
})

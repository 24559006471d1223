import { expect, test } from 'vitest'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { inboxOf, record } from './ingest.ts'

const plan = `pln_${'0'.repeat(24)}`
const user = 'a1a1a1a1-1111-4111-8111-111111111111'

/** A restriction that began a minute ago and ends in a quarter of an hour. */
const restrict = (database: TestDatabase, n: number, measure: string, kind: string, target: string) =>
  adminQuery(
    database.url,
    `insert into security.restrictions (plan, n, tenant, measure, kind, target, net, reason, since, until)
     values ($1, $2, 'default', $3, $4::text, $5::text, case when $4 in ('ip', 'net') then $5::text::inet end, 'test',
       now() - interval '1 minute', now() + interval '15 minutes')`,
    [plan, n, measure, kind, target],
  )

const request = (id: string, more: object) => ({ id, time: Date.now(), action: 'http_request', ...more })

test('what was refused because of our own block never counts; what got through does', async () => {
  await using database = await createDatabase()
  await adminQuery(
    database.url,
    `insert into security.plans (id, tenant, cause, plan, digest, state, expires_at)
     values ($1, 'default', 'test', '{"mode": "approve"}', 'x', 'done', now() + interval '1 day')`,
    [plan],
  )
  await restrict(database, 1, 'deny', 'ip', '203.0.113.7')
  await restrict(database, 2, 'deny', 'net', '2001:db8::/48')
  await restrict(database, 3, 'lock', 'user', user)
  await restrict(database, 5, 'throttle', 'ip', '203.0.113.10')
  await restrict(database, 4, 'challenge', 'ip', '203.0.113.9')
  const cases = {
    refused: [{ src_ip: '203.0.113.7', status_code: 403 }, true],
    throttled: [{ src_ip: '203.0.113.7', status_code: 429 }, true],
    mapped: [{ src_ip: '::ffff:203.0.113.7', status_code: 403 }, true],
    range: [{ src_ip: '2001:db8::1', status_code: 401 }, true],
    slowed: [{ src_ip: '203.0.113.10', status_code: 429 }, true],
    not_slowed: [{ src_ip: '203.0.113.10', status_code: 403 }, undefined],
    locked: [{ user_id: user.toUpperCase(), error_code: 'user_banned', src_ip: '198.51.100.1' }, true],
    through: [{ src_ip: '203.0.113.7', status_code: 200 }, undefined],
    somebody_else: [{ src_ip: '203.0.113.8', status_code: 403 }, undefined],
    challenged: [{ src_ip: '203.0.113.9', status_code: 403 }, undefined],
    no_address: [{ status_code: 403 }, undefined],
    before: [{ src_ip: '203.0.113.7', status_code: 403, time: Date.now() - 120_000 }, undefined],
  } as const
  const items = Object.entries(cases).map(([id, [more]]) => request(id, more))
  expect((await record(database, items)).output).toMatchObject({ accepted: items.length })
  const seen = Object.fromEntries((await inboxOf(database)).map(({ id, blocked }) => [id, blocked]))
  expect(seen).toEqual(Object.fromEntries(Object.entries(cases).map(([id, [, blocked]]) => [id, blocked])))
  const rows = await adminQuery(database.url, 'select count(*)::int as n from security.events where blocked')
  expect(rows).toEqual([{ n: 6 }])
})

test('another tenant’s block says nothing here', async () => {
  await using database = await createDatabase()
  await adminQuery(
    database.url,
    `insert into security.plans (id, tenant, cause, plan, digest, state, expires_at)
     values ($1, 'default', 'test', '{"mode": "approve"}', 'x', 'done', now() + interval '1 day')`,
    [plan],
  )
  await restrict(database, 1, 'deny', 'ip', '203.0.113.7')
  await record(database, [request('one', { src_ip: '203.0.113.7', status_code: 403 })], { tenant: 'other' })
  expect((await inboxOf(database)).map(({ blocked }) => blocked)).toEqual([undefined])
})

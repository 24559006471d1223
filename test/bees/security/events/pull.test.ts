import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import security from '../../../../bees/security/bee.ts'
import { addAuditEntry, addSession, addUser, prepareAuth } from '../../../support/auth.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { env, eventsOf, inboxOf, record } from './ingest.ts'

const pull = async (database: TestDatabase, more: Readonly<Record<string, string>> = {}) =>
  (await runTask(security, 'pull_auth_events', {}, { database, env: { ...env, ...more } })).output as {
    events: number
    duplicates: number
    complete: boolean
  }

async function prepared() {
  const database = await createDatabase()
  await prepareAuth(database)
  return database
}

test('audit entries and sessions become events, each once however often they are pulled', async () => {
  await using database = await prepared()
  await pull(database)
  const user = await addUser(database, { email: 'ada@users.example' })
  const session = await addSession(database, {
    userId: user,
    ip: '203.0.113.9',
    userAgent: 'Mozilla/5.0 Firefox/130.0',
  })
  await addAuditEntry(database, { action: 'login', actorId: user, actorUsername: 'ada@users.example' })
  await addAuditEntry(database, {
    action: 'user_deleted',
    traits: { user_id: user, user_email: 'ada@users.example', user_phone: '' },
  })
  await addAuditEntry(database, { action: 'something_new', actorId: user, ip: 'not an address' })
  expect(await pull(database)).toEqual({ events: 4, duplicates: 0, complete: true })
  for (let again = 0; again < 3; again += 1) expect(await pull(database)).toMatchObject({ events: 0 })
  const events = await eventsOf(database)
  const of = (action: string) => events.filter((event) => event['action'] === action)
  expect(of('login')).toMatchObject([{ user_uid: user, status_id: 1, source: 'supabase_audit' }])
  expect(of('login')[0]?.['src_ip']).toBeNull()
  expect(of('user_delete')).toMatchObject([{ user_uid: user, actor_uid: 'service' }])
  expect(of('other')).toMatchObject([{ data: { audit_action: 'something_new' } }])
  expect(of('session_seen')).toMatchObject([
    { session_uid: session, src_ip: '203.0.113.9', ua_family: 'Firefox', data: { new_session: true } },
  ])
  await adminQuery(
    database.url,
    "update auth.sessions set refreshed_at = now() at time zone 'utc', ip = '198.51.100.4'",
  )
  expect(await pull(database)).toMatchObject({ events: 1 })
  expect((await inboxOf(database)).at(-1)).toMatchObject({ action: 'session_seen', src_ip: '198.51.100.4' })
})

test('an entry that is committed late, behind many that came after it, is found', async () => {
  await using database = await prepared()
  await pull(database)
  const slow = new pg.Client({ connectionString: database.url })
  await slow.connect()
  const late = randomUUID()
  await slow.query('begin')
  await slow.query(
    `insert into auth.audit_log_entries (id, payload, created_at) values ($1, '{"action":"login"}', now())`,
    [late],
  )
  await adminQuery(
    database.url,
    `insert into auth.audit_log_entries (id, payload, created_at)
     select gen_random_uuid(), json_build_object('action', 'token_refreshed', 'filler', repeat('x', 1500)), now()
     from generate_series(1, 1200)`,
  )
  let pulled = await pull(database)
  expect(pulled).toEqual({ events: 1200, duplicates: 0, complete: true })
  await slow.query('commit')
  await slow.end()
  pulled = await pull(database)
  expect(pulled.events).toBe(1)
  expect((await eventsOf(database)).filter(({ id }) => id === `audit:${late}`)).toHaveLength(1)
})

test('nothing of the time before it was switched on, and nothing without tables of auth or without a key', async () => {
  await using database = await prepared()
  const user = await addUser(database)
  for (let n = 0; n < 5; n += 1) {
    await addAuditEntry(database, { action: 'login', actorId: user, createdAt: new Date(Date.now() - 7_200_000) })
  }
  expect(await pull(database, { SECURITY_PSEUDONYM_KEY: '' })).toEqual({ events: 0, duplicates: 0, complete: false })
  expect(await pull(database)).toMatchObject({ events: 0, complete: true })
  await adminQuery(database.url, 'drop table auth.audit_log_entries; drop table auth.sessions cascade')
  expect(await pull(database)).toMatchObject({ events: 0, complete: true })
})

test('two pulls at once and a repeated process count once', async () => {
  await using database = await prepared()
  await pull(database)
  for (let n = 0; n < 20; n += 1) await addAuditEntry(database, { action: 'login', actorId: randomUUID() })
  const [first, second] = await Promise.all([pull(database), pull(database)])
  expect(first.events + second.events).toBe(20)
  expect(await eventsOf(database)).toHaveLength(20)
})

test('where the log of the auth server comes in as well, what is pulled of the same is kept and does not count', async () => {
  await using database = await prepared()
  await pull(database)
  const now = Date.now()
  await record(database, [{ id: 'log', time: now, source: 'supabase_auth', action: 'login', status: 'success' }])
  await addAuditEntry(database, { action: 'login', actorId: randomUUID() })
  await pull(database)
  const pulled = (await eventsOf(database)).filter(({ source }) => source === 'supabase_audit')
  expect(pulled).toMatchObject([{ action: 'other', data: { told_by_log: 'login' } }])
})

test('the functions on auth are for bees_owner alone, and bees_owner itself reads nothing of auth', async () => {
  await using database = await prepared()
  for (const role of ['anon', 'authenticated', 'service_role', 'bee']) {
    for (const call of [
      'security_auth.event_tables()',
      'security_auth.audit_entries(0, 1, now())',
      'security_auth.sessions_seen(0, 1, now())',
    ]) {
      await expect(adminQuery(database.url, `set role ${role}; select ${call}`)).rejects.toMatchObject({
        code: '42501',
      })
    }
  }
  await expect(
    adminQuery(database.url, 'set role bees_owner; select * from auth.audit_log_entries'),
  ).rejects.toMatchObject({ code: '42501' })
})

test('an audit entry with text that Postgres cannot unescape stops nobody else', async () => {
  await using database = await prepared()
  await pull(database)
  const user = await addUser(database)
  await addAuditEntry(database, { action: 'login', actorId: user, traits: { name: 'a\u0000b', other: '\ud800' } })
  await addAuditEntry(database, { action: 'logout', actorId: user })
  expect(await pull(database)).toMatchObject({ events: 2, complete: true })
  expect((await eventsOf(database)).map(({ action }) => action).sort()).toEqual(['login', 'logout'])
})

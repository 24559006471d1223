import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import security from '../../../../bees/security/bee.ts'
import { migrate } from '../../../../src/local/migrate.ts'
import { prepareAuth } from '../../../support/auth.ts'
import { adminQuery, createEmptyDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { env, eventsOf, inboxOf } from './ingest.ts'

/** As on a project: the auth server's role is there before our migrations. */
async function project() {
  const database = await createEmptyDatabase()
  await prepareAuth(database)
  await migrate(database.url)
  return database
}

const pull = (database: TestDatabase) => runTask(security, 'pull_auth_events', {}, { database, env })

/** Calls a hook as the auth server does. */
async function call(database: TestDatabase, hook: string, event: unknown) {
  const sql = `set role supabase_auth_admin; select security_hooks.${hook}('${JSON.stringify(event).replaceAll("'", "''")}'::jsonb) as answer`
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    const results = (await client.query(sql)) as unknown as pg.QueryResult<{ answer: unknown }>[]
    return results.at(-1)?.rows[0]?.answer
  } finally {
    await client.end()
  }
}

const metadata = (more: object = {}) => ({
  uuid: randomUUID(),
  time: new Date().toISOString(),
  ip_address: '203.0.113.20',
  ...more,
})
const proceed = { decision: 'continue' }

test('failed passwords, second factors and new users become events', async () => {
  await using database = await project()
  const user = randomUUID()
  const wrong = { user_id: user, valid: false, metadata: metadata() }
  expect(await call(database, 'password_verification_attempt', wrong)).toEqual(proceed)
  // The same call again, as after a lost answer.
  expect(await call(database, 'password_verification_attempt', wrong)).toEqual(proceed)
  expect(await call(database, 'password_verification_attempt', { user_id: user, valid: true })).toEqual(proceed)
  expect(
    await call(database, 'mfa_verification_attempt', {
      user_id: user,
      valid: false,
      factor_type: 'totp',
      metadata: metadata(),
    }),
  ).toEqual(proceed)
  expect(
    await call(database, 'before_user_created', {
      metadata: metadata({ ip_address: '::ffff:198.51.100.7' }),
      user: {
        id: user,
        email: 'ada.lovelace@Mailinator.com',
        phone: '+447911123456',
        app_metadata: { provider: 'email' },
      },
    }),
  ).toEqual({})
  const notes = JSON.stringify(await adminQuery(database.url, 'select * from security.hook_notes'))
  expect(notes).not.toMatch(/lovelace|911123456/i)
  await pull(database)
  expect(await adminQuery(database.url, 'select from security.hook_notes')).toEqual([])
  const inbox = await inboxOf(database)
  const failures = inbox.filter(({ action }) => action === 'login')
  expect(failures).toMatchObject([
    { user_uid: user, status_id: 2, error_code: 'invalid_credentials', src_ip: '203.0.113.20', source: 'auth_hook' },
  ])
  expect(inbox.filter(({ action }) => action === 'mfa_verification')).toMatchObject([
    { status_id: 2, auth_method: 'totp' },
  ])
  expect(inbox.filter(({ action }) => action === 'signup')).toMatchObject([
    { email_domain: 'mailinator.com', disposable: true, phone_prefix: '+4479', src_ip: '198.51.100.7' },
  ])
  await pull(database)
  expect(await eventsOf(database)).toHaveLength(4)
})

test('nobody is kept out, whatever the hook is told and whatever is broken', async () => {
  await using database = await project()
  const hooks = ['password_verification_attempt', 'mfa_verification_attempt', 'before_user_created'] as const
  const strange = [
    null,
    7,
    'text',
    [],
    {},
    { user_id: { a: 1 }, valid: 'x'.repeat(9000), metadata: [] },
    { metadata: 1 },
  ]
  for (const hook of hooks) {
    const expected = hook === 'before_user_created' ? {} : proceed
    for (const event of strange) expect(await call(database, hook, event)).toEqual(expected)
    expect((await adminQuery(database.url, `set role supabase_auth_admin`)).length).toBe(0)
  }
  const [before] = await adminQuery(database.url, 'select count(*)::int as n from security.hook_notes')
  const longest = await adminQuery(database.url, 'select max(length(note::text)) as n from security.hook_notes')
  expect(Number(longest[0]?.['n'])).toBeLessThan(1000)

  // Somebody holds the table: the hook gives up after a moment.
  const holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  await holder.query('begin; lock table security.hook_notes in access exclusive mode')
  const began = performance.now()
  for (const hook of hooks) {
    expect(await call(database, hook, { valid: false })).toEqual(hook === 'before_user_created' ? {} : proceed)
  }
  expect(performance.now() - began).toBeLessThan(2500)
  await holder.query('rollback')
  await holder.end()

  await adminQuery(database.url, 'alter table security.hook_notes rename to away')
  for (const hook of hooks) {
    expect(await call(database, hook, { valid: false })).toEqual(hook === 'before_user_created' ? {} : proceed)
  }
  await adminQuery(database.url, 'alter table security.away rename to hook_notes')
  // Not even the counting works.
  await adminQuery(database.url, 'drop sequence security.hook_failures; drop table security.hook_notes')
  for (const hook of hooks) {
    expect(await call(database, hook, { valid: false })).toEqual(hook === 'before_user_created' ? {} : proceed)
  }
  expect(before?.['n']).toBe(strange.length * 3)
})

test('failures are counted and told by tend_events', async () => {
  await using database = await project()
  await adminQuery(database.url, 'alter table security.hook_notes rename to away')
  for (let n = 0; n < 3; n += 1) await call(database, 'password_verification_attempt', { valid: false })
  await adminQuery(database.url, 'alter table security.away rename to hook_notes')
  const { output } = await runTask(security, 'tend_events', {}, { database, env })
  expect(output).toMatchObject({ hook_failures: 3 })
})

test('the hooks are for the auth server alone', async () => {
  await using database = await project()
  for (const role of ['anon', 'authenticated', 'service_role', 'bee']) {
    for (const hook of ['password_verification_attempt', 'mfa_verification_attempt', 'before_user_created']) {
      await expect(
        adminQuery(database.url, `set role ${role}; select security_hooks.${hook}('{}')`),
      ).rejects.toMatchObject({ code: '42501' })
    }
  }
  for (const sql of ['select * from security.hook_notes', "select security.keep_hook_note('x', '{}', '{}')"]) {
    await expect(adminQuery(database.url, `set role supabase_auth_admin; ${sql}`)).rejects.toMatchObject({
      code: '42501',
    })
  }
})

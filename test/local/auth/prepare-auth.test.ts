import { expect, test } from 'vitest'
import { prepareAuth } from '../../../src/local/auth/index.ts'
import { addAuditEntry, addSession, addUser } from '../../support/auth.ts'
import { adminQuery, createDatabase, createEmptyDatabase } from '../../support/index.ts'

test('makes the tables once, with the columns that Supabase has', async () => {
  await using database = await createEmptyDatabase()
  expect(await prepareAuth(database.url)).toBe(true)
  expect(await prepareAuth(database.url)).toBe(false)
  const user = await addUser(database, { email: 'ada@users.example' })
  const session = await addSession(database, {
    userId: user,
    ip: '203.0.113.7',
    refreshedAt: new Date('2026-11-01T10:00:00Z'),
    refreshTokens: 3,
  })
  await addAuditEntry(database, { action: 'login', actorId: user })
  const [row] = await adminQuery(
    database.url,
    `select s.aal::text, host(s.ip) as ip, s.refreshed_at::text as refreshed,
       (select count(*)::int from auth.refresh_tokens where session_id = s.id and revoked) as revoked,
       (select ip_address from auth.audit_log_entries) as audit_ip
     from auth.sessions as s where s.id = $1`,
    [session],
  )
  expect(row).toEqual({ aal: 'aal1', ip: '203.0.113.7', refreshed: '2026-11-01 10:00:00', revoked: 2, audit_ip: '' })
})

test('shows nothing to the roles of the API, and ends sessions with their user', async () => {
  await using database = await createDatabase()
  await prepareAuth(database.url)
  const user = await addUser(database)
  await addSession(database, { userId: user })
  for (const role of ['anon', 'authenticated']) {
    for (const table of ['users', 'sessions', 'refresh_tokens', 'mfa_factors', 'audit_log_entries']) {
      await expect(adminQuery(database.url, `set role ${role}; select * from auth.${table}`)).rejects.toMatchObject({
        code: '42501',
      })
    }
  }
  await adminQuery(database.url, 'delete from auth.users')
  expect(await adminQuery(database.url, 'select from auth.sessions union all select from auth.refresh_tokens')).toEqual(
    [],
  )
})

/** The attacker holds the API's secret key, a user's token, or the role `bee`. */

import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pool } from '../../../ledger/ledger-database.ts'
import { type Desk, openDesk } from './desk.ts'

const outsiders = ['anon', 'authenticated', 'service_role', 'bee'] as const
let desk: Desk
const pools = new Map<string, pg.Pool>()
beforeAll(async () => {
  desk = await openDesk()
  for (const role of [...outsiders, 'bees_owner']) pools.set(role, pool(desk.database.url, role))
})
afterAll(async () => {
  await Promise.all([...pools.values()].map((each) => each.end()))
  await desk.close()
})
const as = async (role: string, sql: string): Promise<Record<string, unknown>[]> =>
  (await (pools.get(role) as pg.Pool).query(sql)).rows

describe.each(outsiders)('%s', (role) => {
  test('sees and changes none of the tables', async () => {
    const tables = await desk.rows(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname in ('security', 'security_auth') and c.relkind in ('r', 'p')`,
    )
    expect(tables.length).toBeGreaterThan(10)
    for (const { name } of tables)
      for (const sql of [`select * from ${name}`, `delete from ${name}`, `insert into ${name} default values`])
        await expect(as(role, sql)).rejects.toMatchObject({ code: '42501' })
  })

  test('executes none of the functions', async () => {
    const functions = await desk.rows(
      `select p.oid::regprocedure::text as name, has_function_privilege($1, p.oid, 'execute') as may
       from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
       where n.nspname in ('security', 'security_auth', 'security_rls', 'bee_tasks')`,
      [role],
    )
    expect(functions.length).toBeGreaterThan(50)
    expect(functions.filter(({ may }) => may)).toEqual([])
    const schemas = await desk.rows(
      `select n.nspname from pg_namespace as n
       where n.nspname in ('security', 'security_auth', 'security_rls') and has_schema_privilege($1, n.oid, 'usage')`,
      [role],
    )
    expect(schemas).toEqual([])
  })
})

describe('bees_owner, and so every task function', () => {
  test('has no right on auth, and none on what was kept of deleted sessions', async () => {
    for (const sql of [
      'select * from auth.users',
      'delete from auth.sessions',
      'update auth.users set banned_until = null',
      'select * from security_auth.revocations',
      'insert into security_auth.revocations (user_id, digest) values (gen_random_uuid(), $$x$$)',
      'update security_auth.revocations set kept = $$[]$$',
      // The parts of the functions that may: without their rights.
      'select security_auth.session_rows(array[gen_random_uuid()])',
      "select security_auth.put_back('users', '[{}]')",
    ])
      await expect(as('bees_owner', sql)).rejects.toMatchObject({ code: '42501' })
  })

  test('cannot make up a session: only what was revoked comes back, once, as it was', async () => {
    const { id } = await desk.user('203.0.113.1')
    const revoke = `select security_auth.revoke_sessions('${id}', null) ->> 'revocation' as id`
    const revocation = (await as('bees_owner', revoke))[0]?.['id']
    await desk.rows(
      `update security_auth.revocations set kept = jsonb_set(kept, '{sessions,0,aal}', '"aal3"') where id = $1`,
      [revocation],
    )
    const restore = `select security_auth.restore_sessions('${revocation}') as it`
    expect(await as('bees_owner', restore)).toEqual([{ it: 'altered' }])
    await desk.rows(
      `update security_auth.revocations set kept = jsonb_set(kept, '{sessions,0,aal}', '"aal1"') where id = $1`,
      [revocation],
    )
    expect(await as('bees_owner', restore)).toEqual([{ it: 'restored' }])
    expect(await as('bees_owner', restore)).toEqual([{ it: 'already' }])
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toHaveLength(1)
  })

  test('the functions say what is missing where there is no auth', async () => {
    await desk.rows('alter schema auth rename to elsewhere')
    try {
      for (const call of [
        'revoke_sessions(gen_random_uuid(), null)',
        'set_ban(gen_random_uuid(), now(), null)',
        'active_users(now())',
      ])
        await expect(as('bees_owner', `select security_auth.${call}`)).rejects.toThrow(/there are no tables auth.users/)
    } finally {
      await desk.rows('alter schema elsewhere rename to auth')
    }
  })
})

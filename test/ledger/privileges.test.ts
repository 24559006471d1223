import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hex, type LedgerDatabase, ledgerDatabase, pool, transactionCall } from './ledger-database.ts'

const outsiders = ['anon', 'authenticated', 'service_role', 'bee'] as const
const tables = ['processes', 'ledger', 'nonces', 'receipts', 'keys', 'dead_letters', 'redrives']
const keysCall = JSON.stringify({ v: 1, op: 'keys' })

let ledger: LedgerDatabase
/** As PostgREST's login: it may become each outsider, and is nothing by itself. */
const login = `authenticator_${hex(6)}`
const pools = new Map<string, pg.Pool>()

beforeAll(async () => {
  ledger = await ledgerDatabase()
  const password = hex()
  await ledger.admin.query(`create role ${login} login noinherit password '${password}'`)
  await ledger.admin.query(`grant ${outsiders.join(', ')} to ${login}`)
  const url = new URL(ledger.database.url)
  url.username = login
  url.password = password
  for (const role of outsiders) pools.set(role, pool(url.toString(), role))
})
afterAll(async () => {
  await Promise.all([...pools.values()].map((each) => each.end()))
  await ledger.admin.query(`drop role ${login}`)
  await ledger.close()
})

function poolOf(role: string): pg.Pool {
  const own = pools.get(role)
  if (own === undefined) throw new Error(`no pool for ${role}`)
  return own
}

const as = (role: string, sql: string, values: unknown[] = []) => poolOf(role).query(sql, values)

describe('who may call bee_execute', () => {
  test.each(['anon', 'authenticated'])('%s may not', async (role) => {
    for (const call of [keysCall, JSON.stringify({ v: 1, op: 'execute', ...transactionCall() }), '{}'])
      await expect(as(role, 'select public.bee_execute($1)', [call])).rejects.toMatchObject({ code: '42501' })
  })

  test.each(['service_role', 'bee'])('%s may', async (role) => {
    const call = transactionCall()
    const { rows } = await as(role, 'select public.bee_execute($1) as reply', [
      JSON.stringify({ v: 1, op: 'execute', ...call }),
    ])
    expect(rows[0].reply).toMatchObject({ outcome: 'applied', process: call.process })
  })

  test('a login role without any grant may not', async () => {
    const name = `stranger_${hex(6)}`
    await ledger.admin.query(`create role ${name} nologin`)
    const stranger = pool(ledger.database.url, name)
    try {
      await expect(stranger.query('select public.bee_execute($1)', [keysCall])).rejects.toMatchObject({ code: '42501' })
    } finally {
      await stranger.end()
      await ledger.admin.query(`drop role ${name}`)
    }
  })
})

describe('what nobody may touch directly', () => {
  const attacks = [
    ...tables.flatMap((table) => [
      `select * from bees.${table}`,
      `insert into bees.${table} default values`,
      `update bees.${table} set colony = ''`,
      `delete from bees.${table}`,
      `truncate bees.${table}`,
    ]),
    `select bees.op_keys()`,
    `select bees.op_query('{}')`,
    `select bees.op_execute('{}')`,
    `select bees.op_revoke('{}')`,
    `select bees.op_dead_letters('{}')`,
    `select bees.op_dead_letter_read('{}')`,
    `select bees.op_record_redrive('{}')`,
    `select bees.op_redrives('{}')`,
    `select bees.forget_nonces(1)`,
    `call bees.seal('bees')`,
    `select bee_tasks.test__append('{}', '{}')`,
    `select nextval('bees.ledger_id_seq')`,
    `create table bees.mine (id int)`,
    `create function bee_tasks.test__mine(input jsonb, call jsonb) returns jsonb language sql return input`,
    `create or replace function public.bee_execute(call jsonb) returns jsonb language sql return call`,
    `set role bees_owner`,
    `alter function public.bee_execute(jsonb) security invoker`,
  ]

  test.each(outsiders.flatMap((role) => attacks.map((sql) => [role, sql] as const)))('%s: %s', async (role, sql) => {
    await expect(as(role, sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|42703)$/) })
  })

  test.each(['service_role', 'bee'])('%s cannot pass its right on', async (role) => {
    // Postgres answers this with a warning.
    await as(role, 'grant execute on function public.bee_execute(jsonb) to public')
    await expect(as('anon', 'select public.bee_execute($1)', [keysCall])).rejects.toMatchObject({ code: '42501' })
  })

  test('none of the objects has a grant to an outsider', async () => {
    const { rows } = await ledger.admin.query(`
      with objects as (
        select 'table ' || c.relname as name, c.relacl as acl from pg_class as c
        where c.relnamespace in ('bees'::regnamespace, 'bee_tasks'::regnamespace) and c.relkind in ('r', 'v', 'S')
        union all
        select 'routine ' || p.proname, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc as p
        where p.pronamespace = 'bees'::regnamespace
        union all
        select 'schema ' || n.nspname, n.nspacl from pg_namespace as n where n.nspname in ('bees', 'bee_tasks')
      )
      select o.name, a.grantee::regrole::text, a.privilege_type
      from objects as o, aclexplode(o.acl) as a
      where a.grantee <> 'bees_owner'::regrole`)
    expect(rows).toEqual([])
  })

  test('every table has row level security, and everything belongs to bees_owner', async () => {
    const { rows } = await ledger.admin.query(`
      select relname, relrowsecurity, relowner::regrole::text as owner from pg_class
      where relnamespace = 'bees'::regnamespace and relkind = 'r'`)
    expect(rows.map((row) => row.relname).sort()).toEqual([...tables].sort())
    for (const row of rows) expect(row).toMatchObject({ relrowsecurity: true, owner: 'bees_owner' })
    const routines = await ledger.admin.query(`
      select proname from pg_proc where proowner <> 'bees_owner'::regrole
      and (pronamespace = 'bees'::regnamespace or proname = 'bee_execute')`)
    expect(routines.rows).toEqual([])
  })

  test('bees_owner cannot log in, has no special rights and cannot create in public', async () => {
    const { rows } = await ledger.admin.query(`
      select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole,
        has_schema_privilege('bees_owner', 'public', 'create') as creates
      from pg_roles where rolname = 'bees_owner'`)
    expect(rows).toEqual([
      { rolcanlogin: false, rolsuper: false, rolbypassrls: false, rolcreaterole: false, creates: false },
    ])
  })
})

describe('shadowing', () => {
  test("a caller's own objects and search path do not reach into the function", async () => {
    const client = await poolOf('service_role').connect()
    try {
      await client.query(`create temp table jsonb (stolen text)`)
      await client.query(`create temp table keys (stolen text)`)
      await client.query(`set search_path = pg_temp, public`)
      const call = JSON.stringify({ v: 1, op: 'execute', ...transactionCall() })
      const { rows } = await client.query('select public.bee_execute($1) as reply', [call])
      expect(rows[0].reply).toMatchObject({ outcome: 'applied' })
    } finally {
      client.release(true)
    }
  })
})

describe('seal', () => {
  test('closes what a later migration forgot to close', async () => {
    await ledger.admin.query(`
      create table bees.forgotten (secret text);
      create view bees.forgotten_view as select * from bees.forgotten;
      create function bees.forgotten() returns int language sql return 1;
      grant usage on schema bees to anon;
      grant all on bees.forgotten, bees.forgotten_view to anon, public;`)
    expect((await as('anon', 'select bees.forgotten()')).rowCount).toBe(1)
    await ledger.admin.query(`call bees.seal('bees')`)
    for (const sql of ['select * from bees.forgotten', 'select * from bees.forgotten_view', 'select bees.forgotten()'])
      await expect(as('anon', sql)).rejects.toMatchObject({ code: '42501' })
    const { rows } = await ledger.admin.query(`
      select relowner::regrole::text as owner, relrowsecurity from pg_class where oid = 'bees.forgotten'::regclass`)
    expect(rows).toEqual([{ owner: 'bees_owner', relrowsecurity: true }])
    await ledger.admin.query(`
      drop view bees.forgotten_view; drop table bees.forgotten; drop function bees.forgotten();
      revoke usage on schema bees from anon`)
  })
})

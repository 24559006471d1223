/** The attacker holds a database session of a role of the API or of the auth server, and may make temporary objects in it. */

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json } from '../../src/canonical.ts'
import { digestOf } from '../../src/canonical.ts'
import { prepareAuth } from '../support/auth.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../support/index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
  await prepareAuth(database)
})
afterAll(() => database.drop())

const ours = ['security', 'security_auth', 'security_rls', 'security_hooks', 'bees', 'bee_tasks']
const outsiders = ['anon', 'authenticated', 'service_role', 'bee', 'supabase_auth_admin']
const hex = (length: number) => 'ab01'.repeat(length / 4)

const names = (sql: string, of: readonly string[] = outsiders) =>
  adminQuery(database.url, sql, [ours, of]).then((rows) => rows.map(({ name }) => name))

async function as<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(`set session authorization ${role}`)
    return await work(client)
  } finally {
    await client.end()
  }
}

describe('roles outside', () => {
  test('may execute nothing, but the auth server its hooks where they were given to it', async () => {
    const found = await names(`
      select distinct p.oid::regprocedure::text as name
      from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace cross join pg_roles as r
      where n.nspname = any ($1) and r.rolname = any ($2) and has_function_privilege(r.oid, p.oid, 'execute')
      order by 1`)
    expect(found.filter((name) => !String(name).startsWith('security_hooks.'))).toEqual([])
  })

  test('may read, write or use no table, view, sequence or column, enter no schema, and are nobody of ours', async () => {
    const found = await names(`
      select format('%s %s', r.rolname, c.oid::regclass) as name
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace cross join pg_roles as r
      where n.nspname = any ($1) and r.rolname = any ($2) and case
        when c.relkind = 'S' then has_sequence_privilege(r.oid, c.oid, 'select,usage,update')
        when c.relkind in ('r', 'p', 'v', 'm', 'f') then has_any_column_privilege(r.oid, c.oid, 'select,insert,update,references')
          or has_table_privilege(r.oid, c.oid, 'delete,truncate,trigger')
        else false end
      union all
      select format('%s schema %s', r.rolname, n.nspname)
      from pg_namespace as n cross join pg_roles as r
      where n.nspname = any ($1) and r.rolname = any ($2)
        and has_schema_privilege(r.oid, n.oid, 'usage,create') and (r.rolname, n.nspname) <> ('supabase_auth_admin', 'security_hooks')
      union all
      select r.rolname from pg_roles as r where r.rolname = any ($2) and pg_has_role(r.oid, 'bees_owner', 'member')`)
    expect(found).toEqual([])
  })

  test('bees_owner reads and writes nothing of auth, nor what was kept of sessions', async () => {
    const found = await names(
      `select c.oid::regclass::text as name
       from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname in ('auth', 'security_auth') and $1::text[] is not null and $2::text[] is not null
         and c.relkind in ('r', 'p', 'v', 'm') and (has_any_column_privilege('bees_owner', c.oid, 'select,insert,update,references')
           or has_table_privilege('bees_owner', c.oid, 'delete,truncate,trigger'))`,
    )
    expect(found).toEqual([])
    await as('bees_owner', async (client) => {
      const session = { id: hex(32), user_id: hex(32) }
      // What puts kept rows back is a function of ours as well; called by itself it has the caller's rights, which are none.
      await expect(
        client.query(`select security_auth.put_back('sessions', $1)`, [JSON.stringify([session])]),
      ).rejects.toMatchObject({ code: '42501' })
      await expect(client.query(`select security_auth.session_rows('{}')`)).rejects.toMatchObject({ code: '42501' })
      for (const sql of ['create table auth.x ()', 'create table security_auth.x ()', 'create table pg_catalog.x ()']) {
        await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' })
      }
    })
  })
})

const types = [
  'text',
  'jsonb',
  'inet',
  'uuid',
  'timestamptz',
  'int8',
  'int4',
  'numeric',
  'float8',
  'bool',
  'tid',
  'regclass',
]
const event = {
  ...{ id: 'e', time: Date.now(), source: 'app', class_uid: 1, activity_id: 1, action: 'login', status_id: 2 },
  ...{ src_ip: '203.0.113.7', tenant: 'acme' },
}
const expires_at = new Date(Date.now() + 3_600_000).toISOString()
const call = (op: string, task: string, payload: object) => ({
  ...{ v: 1, op, colony: 'c', process: hex(64), bee: 'security', task, payload },
})

describe.each([
  ['bee', '1'],
  ['service_role', '2'],
])('temporary objects of %s', (role, mark) => {
  test('are never run with the rights of bees_owner or of whoever migrated', async () => {
    await as(role, async (client) => {
      await client.query(`
        create temp table loot (taken name);
        create function pg_temp.steal() returns boolean language plpgsql as $$
        begin
          insert into pg_temp.loot values (current_user);
          return true;
        end $$;

        create function pg_temp.lower(text) returns text language plpgsql as $$ begin perform pg_temp.steal(); return $1; end $$;
        create function pg_temp.now() returns timestamptz language plpgsql as $$ begin perform pg_temp.steal(); return pg_catalog.now(); end $$;
        grant all on pg_temp.loot to public;
        create temp table pg_class (x int); create temp table pg_constraint (x int);
        create operator pg_temp.= (leftarg = text, rightarg = text, procedure = texteq);`)
      for (const type of types)
        await client.query(`create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.steal())`)
      const user = '3f1c1f0e-8f64-4f8e-9a55-111111111111'
      const attempts = [
        call('query', 'pull_auth_events', { what: 'start', tenant: 'acme' }),
        call('query', 'pull_auth_events', { what: 'audit', tenant: 'acme', from: 0, to: 9, since_ms: 0 }),
        call('query', 'pull_auth_events', { what: 'sessions', tenant: 'acme', from: 0, to: 9, since_ms: 0 }),
        call('query', 'show', { what: 'status', tenant: 'acme' }),
        call('query', 'show_response', { tenant: 'acme' }),
        call('query', 'show_alerts', { tenant: 'acme' }),
      ]
      for (const attempt of attempts) {
        const { rows } = await client.query('select public.bee_execute($1::pg_catalog.jsonb) as reply', [
          JSON.stringify(attempt),
        ])
        expect(rows[0].reply).toMatchObject({ outcome: 'queried' })
      }
      const executed = [
        ['record_events', { tenant: 'acme', events: [event], retention_days: 30 }],
        [
          'propose_plan',
          {
            ...{ tenant: 'acme', title: 't', reason: 'r', mode: 'approve', people: [{ kid: 'k', name: 'n', user }] },
            actions: [{ do: 'block_ip', target: { kind: 'ip', id: '203.0.113.8' } }],
          },
        ],
        ['expire_responses', {}],
      ] as const
      for (const [n, [task, payload]] of executed.entries()) {
        const full = {
          ...{
            ...call('execute', task, payload),
            process: hex(56) + mark.repeat(4) + String(1000 + n),
            executor: 'e'.repeat(64),
            step: 1,
          },
          ...{ key: null, fence: { retries: 0, starttime: new Date().toISOString() }, schema_hash: 'a'.repeat(64) },
          ...{
            input_digest: digestOf(payload as Json),
            nonce: { kid: 'k', nonce: hex(24) + mark.repeat(4) + String(1000 + n), expires_at },
          },
        }
        const { rows } = await client.query('select public.bee_execute($1::pg_catalog.jsonb) as reply', [
          JSON.stringify(full),
        ])
        expect(rows[0].reply).toMatchObject({ outcome: 'applied' })
      }
      expect((await client.query('select distinct taken from pg_temp.loot')).rows).toEqual([])
    })
  })
})

test('nor are those of the auth server, when it calls a hook', async () => {
  await adminQuery(
    database.url,
    `grant usage on schema security_hooks to supabase_auth_admin;
     grant execute on all functions in schema security_hooks to supabase_auth_admin`,
  )
  await as('supabase_auth_admin', async (client) => {
    await client.query(`
      create temp table loot (taken name);
      grant all on pg_temp.loot to public;
      create function pg_temp.steal() returns boolean language plpgsql as $$
      begin
        insert into pg_temp.loot values (current_user);
        return true;
      end $$`)
    for (const type of types)
      await client.query(`create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.steal())`)
    for (const hook of ['password_verification_attempt', 'mfa_verification_attempt', 'before_user_created']) {
      const told = { user_id: 'x', valid: false, metadata: { ip_address: '203.0.113.7', uuid: hook } }
      await client.query(`select security_hooks.${hook}($1::pg_catalog.jsonb)`, [JSON.stringify(told)])
    }
    expect((await client.query('select distinct taken from pg_temp.loot')).rows).toEqual([])
    // That the trap works: a cast of its own to the type springs it.
    await client.query(`select 'x'::pg_temp.text`)
    expect((await client.query('select distinct taken from pg_temp.loot')).rows).toEqual([
      { taken: 'supabase_auth_admin' },
    ])
  })
  expect(await adminQuery(database.url, 'select count(*)::int as n from security.hook_notes')).toEqual([{ n: 3 }])
})

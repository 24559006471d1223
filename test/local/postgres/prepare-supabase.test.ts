import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareSupabase, startPostgres } from '../../../src/local/postgres/index.ts'
import { adminQuery, createEmptyDatabase, fastFolder, type TestDatabase } from '../../support/index.ts'

let database: TestDatabase
const query = (sql: string) => adminQuery(database.url, sql)

beforeAll(async () => {
  database = await createEmptyDatabase()
})
afterAll(() => database.drop())

test('the roles are those of a project', async () => {
  const rows = await query(`
    select rolname as name, rolcanlogin as login, rolinherit as inherit, rolbypassrls as bypass, rolsuper as super
    from pg_roles where rolname in ('anon', 'authenticated', 'authenticator', 'service_role') order by rolname`)
  const role = (name: string, login: boolean, bypass: boolean) => ({
    name,
    login,
    inherit: false,
    bypass,
    super: false,
  })
  expect(rows).toEqual([
    role('anon', false, false),
    role('authenticated', false, false),
    role('authenticator', true, false),
    role('service_role', false, true),
  ])
  const members = await query(`
    select roleid::regrole::text as role from pg_auth_members where member = 'authenticator'::regrole order by 1`)
  expect(members.map(({ role: name }) => name)).toEqual(
    expect.arrayContaining(['anon', 'authenticated', 'service_role']),
  )
})

test('new tables and functions in public are open to everybody until a migration revokes that', async () => {
  await query('create table public.t (n int); create function public.f() returns int language sql as $$ select 1 $$')
  for (const role of ['anon', 'authenticated', 'service_role']) {
    const [row] = await query(`
      select has_table_privilege('${role}', 'public.t', 'select, insert, update, delete, truncate') as t,
        has_function_privilege('${role}', 'public.f()', 'execute') as f`)
    expect(row).toEqual({ t: true, f: true })
    // The trap: taking it from public leaves what the default privileges gave by name.
    await query('revoke execute on function public.f() from public')
    expect(await query(`select has_function_privilege('${role}', 'public.f()', 'execute') as f`)).toEqual([{ f: true }])
  }
})

test('auth reads the claims of the request', async () => {
  const sub = '6b7a1c5e-0d6f-4b1e-9a43-0b8a4a2f7c11'
  const [row] = await query(`
    with claims as materialized (
      select set_config('request.jwt.claims', '{"role": "authenticated", "sub": "${sub}", "email": "a@b.c"}', false)
    )
    select auth.uid() as uid, auth.role() as role, auth.email() as email, auth.jwt() ->> 'sub' as sub from claims`)
  expect(row).toEqual({ uid: sub, role: 'authenticated', email: 'a@b.c', sub })
  expect(await query('select auth.uid() as uid, auth.role() as role')).toEqual([{ uid: null, role: null }])
})

test('anon and authenticated read no users', async () => {
  for (const role of ['anon', 'authenticated']) {
    await expect(query(`set role ${role}; select * from auth.users`)).rejects.toMatchObject({ code: '42501' })
  }
})

test('a change of structure reloads the schema cache of the API, a temporary table does not', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const heard: (string | undefined)[] = []
  client.on('notification', ({ payload }) => heard.push(payload))
  // Notifications come before the answer of the statement that sent them.
  const after = async (sql: string) => {
    heard.length = 0
    await client.query(sql)
    return [...heard]
  }
  try {
    await client.query('listen pgrst')
    expect(await after('create temp table passing (n int)')).toEqual([])
    expect(await after('drop table passing')).toEqual([])
    expect(await after("create function public.g() returns int language sql as 'select 1'")).toEqual(['reload schema'])
    expect(await after('drop function public.g()')).toEqual(['reload schema'])
  } finally {
    await client.end()
  }
})

test('again and in several databases at once: nothing changes and nobody fails', async () => {
  const others = await Promise.all(Array.from({ length: 4 }, () => createEmptyDatabase()))
  try {
    await Promise.all([database, ...others].flatMap(({ url }) => [prepareSupabase(url), prepareSupabase(url)]))
    const settings = await query(`select setconfig from pg_db_role_setting where setrole = 'anon'::regrole`)
    expect(settings).toEqual([{ setconfig: ['statement_timeout=3s'] }])
  } finally {
    await Promise.all(others.map((other) => other.drop()))
  }
})

test('a database that Supabase made is left alone', async () => {
  const folder = await fastFolder('bees-supabase-')
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false })
  try {
    await adminQuery(server.url, 'create role supabase_admin')
    await prepareSupabase(server.url)
    expect(await adminQuery(server.url, "select from pg_roles where rolname = 'authenticator'")).toEqual([])
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

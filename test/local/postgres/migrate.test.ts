import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from '../../../src/local/migrate.ts'
import { adminQuery, createDatabase, createEmptyDatabase, type TestDatabase } from '../../support/index.ts'

let database: TestDatabase
let dir: string

beforeEach(async () => {
  database = await createEmptyDatabase()
  dir = await mkdtemp(join(tmpdir(), 'bees-migrations-'))
})

afterEach(async () => {
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

const file = (name: string, sql: string): Promise<void> => writeFile(join(dir, name), sql)

test('applies files once, in the order of names', async () => {
  await file('20260102000000_second.sql', 'insert into public.first values (1);')
  await file('20260101000000_first.sql', 'create table public.first (n int);')
  expect(await migrate(database.url, { dir })).toEqual(['20260101000000_first.sql', '20260102000000_second.sql'])
  expect(await migrate(database.url, { dir })).toEqual([])
  expect(await adminQuery(database.url, 'select n from public.first')).toEqual([{ n: 1 }])
  const rows = await adminQuery(
    database.url,
    'select version, name, statements from supabase_migrations.schema_migrations order by version',
  )
  expect(rows[0]).toEqual({
    version: '20260101000000',
    name: 'first',
    statements: ['create table public.first (n int);'],
  })
})

test('refuses a changed file and applies nothing then', async () => {
  await file('1_a.sql', 'create table public.a ();')
  await migrate(database.url, { dir })
  await file('1_a.sql', 'create table public.a (n int);')
  await file('2_b.sql', 'create table public.b ();')
  await expect(migrate(database.url, { dir })).rejects.toMatchObject({
    code: 'BEE_MIGRATION_CHANGED',
    message: expect.stringContaining('1_a.sql'),
  })
  expect(await adminQuery(database.url, "select to_regclass('public.b') as b")).toEqual([{ b: null }])
})

test('a failing file leaves nothing of itself and keeps the ones before', async () => {
  await file('1_a.sql', 'create table public.a ();')
  await file('2_b.sql', 'create table public.b ();\nselect 1 / 0;')
  await expect(migrate(database.url, { dir })).rejects.toMatchObject({
    code: 'BEE_MIGRATION_FAILED',
    message: expect.stringMatching(/2_b\.sql: 22012/),
  })
  const [row] = await adminQuery(database.url, "select to_regclass('public.a') as a, to_regclass('public.b') as b")
  expect(row).toEqual({ a: 'a', b: null })
})

test('names the line of a syntax error', async () => {
  await file('1_a.sql', 'select 1;\nselect 2;\nselekt 3;')
  await expect(migrate(database.url, { dir })).rejects.toThrow(/1_a\.sql: 42601 .*\(line 3\)/)
})

test('many at once: one works, nobody fails', async () => {
  await file('1_a.sql', 'create table public.a ();')
  await file('2_b.sql', 'create table public.b ();')
  const results = await Promise.all(Array.from({ length: 8 }, () => migrate(database.url, { dir })))
  expect(results.filter((applied) => applied.length === 2)).toHaveLength(1)
  expect(results.filter((applied) => applied.length === 0)).toHaveLength(7)
})

test('takes what the Supabase CLI applied as applied', async () => {
  await adminQuery(
    database.url,
    `create schema supabase_migrations;
     create table supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text);
     insert into supabase_migrations.schema_migrations values ('1', array['select 1'], 'a');`,
  )
  await file('1_a.sql', 'select no_such_function();')
  await file('2_b.sql', 'create table public.b ();')
  expect(await migrate(database.url, { dir })).toEqual(['2_b.sql'])
})

test.each(['nonsense.sql', 'x1_name.sql'])('refuses the file name %s', async (name) => {
  await file(name, 'select 1;')
  await expect(migrate(database.url, { dir })).rejects.toMatchObject({ code: 'BEE_MIGRATION_FAILED' })
})

test('refuses two files of one version', async () => {
  await file('1_a.sql', 'select 1;')
  await file('1_b.sql', 'select 1;')
  await expect(migrate(database.url, { dir })).rejects.toThrow('1_a.sql and 1_b.sql have the same version')
})

test("the project's own migrations are in the template and stay applied", async () => {
  await using migrated = await createDatabase()
  expect(await migrate(migrated.url)).toEqual([])
})

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { checkoutOf, eventOf, stripeId } from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
  await db.apply(
    eventOf('checkout.session.completed', checkoutOf({ customer: stripeId('cus'), user: stripeId('user') })),
  )
})
afterAll(() => db.close())

/** Everything in the schema, asked of the catalogue, so that what is added later is attacked as well. */
async function targets(): Promise<string[]> {
  const relations = await db.rows(
    `select format('%I.%I', n.nspname, c.relname) as name, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'finance' and c.relkind in ('r', 'v', 'm', 'p')`,
  )
  const functions = await db.rows(
    `select format('%I.%I(%s)', n.nspname, p.proname, (
        select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes) as t
      )) as name
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'finance' or (n.nspname = 'bee_tasks' and p.proname like 'finance\\_\\_%')`,
  )
  expect(relations.length).toBeGreaterThan(10)
  expect(functions.length).toBeGreaterThan(30)
  expect(functions.map(({ name }) => name)).toContain(
    'bee_tasks.finance__set_entitlement_policy(null::jsonb, null::jsonb)',
  )
  return [
    ...relations.map(({ name }) => `select * from ${name}`),
    // A view that joins refuses every write, so only writes to tables would tell.
    ...relations
      .filter(({ relkind }) => relkind === 'r')
      .flatMap(({ name }) => [`delete from ${name}`, `insert into ${name} default values`]),
    ...functions.map(({ name }) => `select ${name}`),
  ]
}

const roles = ['anon', 'authenticated', 'service_role', 'bee']

/** What came of each statement as that role: an SQLSTATE, or `allowed`. Nothing of it stays. */
async function attack(role: string, opening: string): Promise<[string, string][]> {
  const statements = await targets()
  const client = new pg.Client({ connectionString: db.url })
  await client.connect()
  const results: [string, string][] = []
  for (const statement of statements) {
    await client.query('begin')
    await client.query(opening)
    await client.query(`set local role ${role}`)
    const result = await client.query(statement).then(
      () => 'allowed',
      (error) => String(error.code),
    )
    results.push([statement, result])
    await client.query('rollback')
  }
  await client.end()
  return results
}

const refused = ([, code]: [string, string]) => code === '42501'

test.each(roles)('%s can neither read, write nor execute anything of finance', async (role) => {
  expect((await attack(role, 'select 1')).filter((result) => !refused(result))).toEqual([])
})

test.each(roles)('%s cannot even where somebody has opened the schemas by mistake', async (role) => {
  const opening = `grant usage on schema finance, bee_tasks, bees to ${role}`
  expect((await attack(role, opening)).filter((result) => !refused(result))).toEqual([])
})

test.each(['anon', 'authenticated'])('%s sees no row even where a table was granted by mistake', async (role) => {
  const opening = `grant usage on schema finance to ${role}; grant select on all tables in schema finance to ${role}`
  const client = new pg.Client({ connectionString: db.url })
  await client.connect()
  await client.query('begin')
  await client.query(opening)
  await client.query(`set local role ${role}`)
  expect((await client.query('select * from finance.user_profiles')).rows).toEqual([])
  expect((await client.query('select * from finance.events')).rows).toEqual([])
  await client.query('rollback')
  await client.end()
})

test('every table has row level security and belongs to bees_owner', async () => {
  const tables = await db.rows(
    `select c.relname, c.relrowsecurity, pg_get_userbyid(c.relowner) as owner from pg_class c
     where c.relnamespace = 'finance'::regnamespace and c.relkind = 'r'`,
  )
  expect(tables.filter(({ relrowsecurity, owner }) => relrowsecurity !== true || owner !== 'bees_owner')).toEqual([])
})

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { adminQuery, createEmptyDatabase } from '../support/index.ts'
import { hex, pool, transactionCall } from './ledger-database.ts'

const folder = fileURLToPath(new URL('../../supabase/migrations/', import.meta.url))

/** The ledger's own files, in order. */
async function ledgerMigrations(): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('202601010')).sort()
  return Promise.all(names.map((name) => readFile(folder + name, 'utf8')))
}

describe('migrations', () => {
  test('apply as on a hosted project: no superuser, and default privileges that give everything away', async () => {
    await using database = await createEmptyDatabase()
    const deployer = `deployer_${hex(6)}`
    const password = hex()
    // Roles belong to the whole server; here bees_owner exists already and was made by somebody else.
    await adminQuery(database.url, `create role ${deployer} login createrole password '${password}'`)
    const roles = await adminQuery(database.url, `select rolname from pg_roles where rolname in ('bees_owner', 'bee')`)
    for (const { rolname } of roles) await adminQuery(database.url, `grant ${rolname} to ${deployer} with admin option`)
    await adminQuery(database.url, `alter database ${database.name} owner to ${deployer}`)
    await adminQuery(
      database.url,
      `alter default privileges for role ${deployer} in schema public grant all on functions to anon, authenticated`,
    )
    const url = new URL(database.url)
    url.username = deployer
    url.password = password
    const client = new pg.Client({ connectionString: url.toString() })
    await client.connect()
    try {
      for (const sql of await ledgerMigrations()) await client.query(sql)
      await client.query(
        `create function bee_tasks.test__echo(input jsonb, call jsonb) returns jsonb language sql return input`,
      )
      await client.query(`call bees.seal('bee_tasks')`)
    } finally {
      await client.end()
    }

    const call = JSON.stringify({ v: 1, op: 'execute', ...transactionCall({ task: 'echo', payload: 'hosted' }) })
    for (const role of ['anon', 'authenticated', 'service_role']) {
      const connections = pool(database.url, role)
      const reply = connections.query('select public.bee_execute($1) as reply', [call])
      if (role === 'service_role')
        expect((await reply).rows).toMatchObject([{ reply: { outcome: 'applied', output: 'hosted' } }])
      else await expect(reply).rejects.toMatchObject({ code: '42501' })
      await connections.end()
    }
    await database.drop()
    await adminQuery(database.url.replace(database.name, 'postgres'), `drop owned by ${deployer}`)
    await adminQuery(database.url.replace(database.name, 'postgres'), `drop role ${deployer}`)
  })

  test('the API of a hosted project is told to serve public alone', async () => {
    const config = await readFile(new URL('../../supabase/config.toml', import.meta.url), 'utf8')
    expect(config.match(/^schemas = (.*)$/m)?.[1]).toBe('["public"]')
  })

  test('tell PostgREST to look again', async () => {
    expect((await ledgerMigrations()).at(-1)).toMatch(/notify pgrst, 'reload schema';\s*$/)
  })
})

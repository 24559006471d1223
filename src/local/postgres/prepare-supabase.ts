import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { BeeError } from '../../errors.ts'

const scriptUrl = new URL('supabase-roles.sql', import.meta.url)
const statementTimeoutMs = 30_000
const tries = 20

/**
 * Gives a plain Postgres database what every Supabase project has: roles, default privileges, schema `auth`. Idempotent,
 * and safe while others do the same in another database of the same server. Needs a superuser. A database that Supabase
 * made has all of it, and is left alone.
 * @throws BeeError BEE_LOCAL_STACK_FAILED
 */
export async function prepareSupabase(databaseUrl: string): Promise<void> {
  const script = await readFile(scriptUrl, 'utf8')
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rowCount } = await client.query("select from pg_catalog.pg_roles where rolname = 'supabase_admin'")
    if (rowCount !== 0) return
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.query(script)
        return
      } catch (error) {
        // Roles are rows shared by all databases; Postgres answers a simultaneous change with XX000.
        const passing = error instanceof pg.DatabaseError && /concurrently updated|deadlock/.test(error.message)
        if (!passing || attempt === tries) throw error
        await sleep(10 * attempt)
      }
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'no reason given'
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The roles of Supabase could not be made: ${reason}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}

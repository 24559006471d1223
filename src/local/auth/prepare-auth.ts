import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { BeeError } from '../../errors.ts'

const scriptUrl = new URL('schema.sql', import.meta.url)
const statementTimeoutMs = 30_000

/**
 * Gives a database the tables of Supabase's auth server (no server behind them), so that what reads and writes `auth` can
 * run here. A database that Supabase made, or that has them, is left alone. Needs a superuser.
 *
 * @returns whether something was made
 * @throws BeeError BEE_LOCAL_STACK_FAILED
 */
export async function prepareAuth(databaseUrl: string): Promise<boolean> {
  const script = await readFile(scriptUrl, 'utf8')
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('auth.audit_log_entries') is not null
         or exists (select from pg_catalog.pg_roles where rolname = 'supabase_admin') as there`,
    )
    if (rows[0]?.there === true) return false
    // One implicit transaction: all of it or nothing.
    await client.query(script)
    return true
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'no reason given'
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The tables of auth could not be made: ${reason}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Applies supabase/migrations, with the same book-keeping as the Supabase CLI, so that both may take turns. */

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { BeeError } from '../errors.ts'

export interface MigrateOptions {
  /** Folder of `<version>_<name>.sql` files. @default supabase/migrations of this project */
  readonly dir?: string | undefined
  /** How long one file may run, and how long we wait for another process that migrates, milliseconds. @default 120000 */
  readonly timeoutMs?: number | undefined
}

interface Migration {
  readonly file: string
  readonly version: string
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

const defaultDir = fileURLToPath(new URL('../../supabase/migrations', import.meta.url))
const fileName = /^(?<version>\d+)_(?<name>.+)\.sql$/
/** Any number that nobody else uses; the first bytes of a digest of our name. */
const lockKey = '5206843190472253391'

/**
 * Applies what is not applied yet, in the order of names, each file in a transaction of its own. Many processes may call
 * it at once: one works, the others wait and find nothing to do.
 * @returns the names of the files applied by this call.
 * @throws BeeError BEE_MIGRATION_CHANGED when an applied file differs from its recorded checksum, BEE_MIGRATION_FAILED.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<readonly string[]> {
  const migrations = await readMigrations(options.dir ?? defaultDir)
  const timeoutMs = options.timeoutMs ?? 120_000
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    statement_timeout: timeoutMs,
    lock_timeout: timeoutMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [lockKey])
    return await applyAll(client, migrations)
  } catch (cause) {
    if (cause instanceof BeeError) throw cause
    throw new BeeError('BEE_MIGRATION_FAILED', `The database cannot be migrated: ${messageOf(cause)}`, { cause })
  } finally {
    // Ending the session frees the lock as well.
    await client.end().catch(() => undefined)
  }
}

async function applyAll(client: pg.Client, migrations: readonly Migration[]): Promise<readonly string[]> {
  await client.query(`
    set client_min_messages = warning;
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
    alter table supabase_migrations.schema_migrations
      add column if not exists statements text[],
      add column if not exists name text,
      add column if not exists checksum text;
  `)
  const { rows } = await client.query<{ version: string; checksum: string | null }>(
    'select version, checksum from supabase_migrations.schema_migrations',
  )
  const applied = new Map(rows.map((row) => [row.version, row.checksum]))
  for (const migration of migrations) {
    // Null: the Supabase CLI applied it, which records no checksum.
    const checksum = applied.get(migration.version) ?? migration.checksum
    if (checksum !== migration.checksum) {
      throw new BeeError('BEE_MIGRATION_CHANGED', `${migration.file} was changed after it had been applied.`)
    }
  }
  const missing = migrations.filter((migration) => !applied.has(migration.version))
  for (const migration of missing) await applyOne(client, migration)
  if (missing.length > 0) await client.query("notify pgrst, 'reload schema'")
  return missing.map((migration) => migration.file)
}

async function applyOne(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(migration.sql)
    await client.query(
      `insert into supabase_migrations.schema_migrations (version, name, statements, checksum)
       values ($1, $2, array[$3], $4)`,
      [migration.version, migration.name, migration.sql, migration.checksum],
    )
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw new BeeError('BEE_MIGRATION_FAILED', `${migration.file}: ${describe(cause, migration.sql)}`, { cause })
  }
}

async function readMigrations(dir: string): Promise<readonly Migration[]> {
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new BeeError('BEE_MIGRATION_FAILED', `There is no folder of migrations at ${dir}.`, { cause })
  })
  const versions = new Map<string, string>()
  const migrations: Migration[] = []
  for (const file of names.filter((name) => name.endsWith('.sql')).sort()) {
    const { version, name } = fileName.exec(file)?.groups ?? {}
    if (version === undefined || name === undefined) {
      throw new BeeError('BEE_MIGRATION_FAILED', `${file} is not named <version>_<name>.sql, with digits as version.`)
    }
    const twin = versions.get(version)
    if (twin !== undefined) throw new BeeError('BEE_MIGRATION_FAILED', `${twin} and ${file} have the same version.`)
    versions.set(version, file)
    const sql = await readFile(join(dir, file), 'utf8')
    migrations.push({ file, version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') })
  }
  return migrations
}

function describe(error: unknown, sql: string): string {
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN
  const line = Number.isInteger(position) ? ` (line ${sql.slice(0, position).split('\n').length})` : ''
  const code = error instanceof pg.DatabaseError && error.code !== undefined ? `${error.code} ` : ''
  return `${code}${messageOf(error)}${line}`
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

import { loadConfig } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { migrate } from '../../local/migrate.ts'
import { paint } from '../paint.ts'
import { migrationsDir } from '../paths.ts'

/** Applies supabase/migrations to DATABASE_URL. Safe to run from many pods at once. */
export async function migrateDatabase(): Promise<void> {
  const { DATABASE_URL } = loadConfig(process.env)
  if (DATABASE_URL === undefined) {
    throw new BeeError(
      'BEE_CONFIG_INVALID',
      'DATABASE_URL is not set: expected the connection string of the database to migrate.',
    )
  }
  const applied = await migrate(DATABASE_URL, { dir: migrationsDir })
  for (const name of applied) console.log(`${paint.green('applied')} ${name}`)
  console.log(applied.length === 0 ? 'The database is up to date.' : `${applied.length} migrations applied.`)
}

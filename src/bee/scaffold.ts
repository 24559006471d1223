import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { BeeError } from '../errors.ts'
import { BEE_NAME } from './define-bee.ts'

const LONGEST_NAME = 40

/**
 * Writes a bee that works at once: its module, its SQL and a test against a real Postgres. No other file needs a change.
 * The templates are in the folder scaffold beside this file.
 *
 * @param now names the migration; if a later one exists already, the new one comes after that.
 * @returns the paths of the files, all of them new.
 * @throws BeeError BEE_BEE_INVALID for a name that cannot be one, BEE_BEE_DUPLICATE when a part of such a bee exists.
 */
export async function scaffoldBee(name: string, rootDir: string, now: Date): Promise<readonly string[]> {
  checkName(name)
  const sqlName = name.replaceAll('-', '_')
  const migrationsDir = join(rootDir, 'supabase', 'migrations')
  const migrations = await readdir(migrationsDir).catch(() => [])
  const taken = [
    ...[join(rootDir, 'bees', name), join(rootDir, 'test', 'bees', name)].filter((path) => existsSync(path)),
    ...migrations.filter((file) => file.endsWith(`_${sqlName}_bee.sql`)).map((file) => join(migrationsDir, file)),
  ]
  if (taken.length > 0) {
    const paths = taken.map((path) => relative(rootDir, path)).join(', ')
    throw new BeeError('BEE_BEE_DUPLICATE', `expected a new name, received ${name}: there is ${paths} already`)
  }
  const files = [
    ['bee.ts.txt', join(rootDir, 'bees', name, 'bee.ts')],
    ['migration.sql.txt', join(migrationsDir, `${nextVersion(migrations, now)}_${sqlName}_bee.sql`)],
    ['test.ts.txt', join(rootDir, 'test', 'bees', name, `${name}.test.ts`)],
  ] as const
  for (const [template, path] of files) {
    const text = await readFile(new URL(`scaffold/${template}`, import.meta.url), 'utf8')
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text.replaceAll('{{bee}}', name).replaceAll('{{sql}}', sqlName), { flag: 'wx' })
  }
  return files.map(([, path]) => path)
}

function checkName(name: string): void {
  const invalid = (expected: string) =>
    new BeeError('BEE_BEE_INVALID', `expected ${expected}, received ${JSON.stringify(name)}`)
  if (!BEE_NAME.test(name)) throw invalid('a name like greeter or night-shift (lower-case letters, digits, hyphens)')
  if (name.length > LONGEST_NAME) throw invalid(`a name of at most ${LONGEST_NAME} characters`)
  // Postgres keeps schemas that begin with pg_ for itself.
  if (name.startsWith('pg-')) throw invalid('a name that does not begin with pg-')
}

/** YYYYMMDDHHMMSS in UTC, as the Supabase CLI names migrations, and later than all that exist. */
function nextVersion(migrations: readonly string[], now: Date): string {
  const stamp = Number(now.toISOString().replaceAll(/\D/g, '').slice(0, 14))
  const versions = migrations
    .map((file) => Number.parseInt(file, 10))
    .filter((version) => Number.isSafeInteger(version))
  return String(Math.max(stamp, ...versions.map((version) => version + 1)))
}

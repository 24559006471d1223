import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../src/local/migrate.ts'
import { prepareSupabase, startPostgres } from '../../src/local/postgres/index.ts'
import { adminQuery, databaseUrlOf } from './database-url.ts'
import { fastFolder } from './fast-folder.ts'

export interface OwnPostgres {
  /** The superuser's connection string to the database `postgres`. */
  readonly url: string
  /** A fresh database with roles and migrations; its superuser's connection string. */
  readonly database: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** A Postgres of one's own outside of a test run, gone with everything in it at the end. Nothing needs to survive a power cut. */
export async function ownPostgres(maxConnections = 200): Promise<OwnPostgres> {
  const folder = await fastFolder('colony-bees-own-')
  const packagePath = process.env['BEES_TEST_POSTGRES']
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false, maxConnections, packagePath })
  const database = async (): Promise<string> => {
    const name = `own_${randomBytes(6).toString('hex')}`
    await adminQuery(server.url, `create database ${name} template template0`)
    const url = databaseUrlOf(server.url, name)
    await prepareSupabase(url)
    await migrate(url)
    return url
  }
  return {
    url: server.url,
    database,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

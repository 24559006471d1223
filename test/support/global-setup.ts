/** One Postgres for the whole test run, with a template database that every test clones. */

import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/local/migrate.ts'
import { prepareSupabase, startPostgres } from '../../src/local/postgres/index.ts'
import { adminQuery, databaseUrlOf } from './database-url.ts'
import { fastFolder } from './fast-folder.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly postgres: PostgresOfThisRun
  }
}

export interface PostgresOfThisRun {
  /** The superuser's connection string to the database `postgres`. */
  readonly url: string
  /** All databases of this run begin with it. */
  readonly prefix: string
  /** Roles and migrations. */
  readonly template: string
  /** Roles only. */
  readonly emptyTemplate: string
  /** For `create database`. Copying files is the fastest way where nothing needs to reach a disk. */
  readonly cloneOptions: string
  /** Why there is no `template`: then only the tests that ask for migrations fail, and say so. */
  readonly migrationError: string | undefined
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await fastFolder('colony-bees-test-')
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    databaseUrl: process.env.DATABASE_URL,
    packagePath: process.env['BEES_TEST_POSTGRES'],
    durable: false,
    maxConnections: 300,
  })
  const prefix = `bees_test_${randomBytes(4).toString('hex')}`
  const names = { url: server.url, prefix, template: `${prefix}_template`, emptyTemplate: `${prefix}_empty` }
  const tearDown = async (): Promise<void> => {
    if (!server.embedded) await dropAll(names)
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const cloneOptions = server.embedded ? 'strategy file_copy' : ''
    project.provide('postgres', { ...names, cloneOptions, migrationError: await build(names) })
  } catch (error) {
    await tearDown()
    throw error
  }
  return tearDown
}

type Names = Pick<PostgresOfThisRun, 'url' | 'prefix' | 'template' | 'emptyTemplate'>

async function build({ url, template, emptyTemplate }: Names): Promise<string | undefined> {
  await adminQuery(url, `create database ${emptyTemplate} template template0`)
  await prepareSupabase(databaseUrlOf(url, emptyTemplate))
  await adminQuery(url, `create database ${template} template ${emptyTemplate}`)
  const migrationError = await migrate(databaseUrlOf(url, template)).then(() => undefined, String)
  // A template that somebody is connected to cannot be cloned.
  await adminQuery(url, `alter database ${emptyTemplate} with allow_connections false`)
  await adminQuery(url, `alter database ${template} with allow_connections false`)
  return migrationError
}

async function dropAll({ url, prefix }: Names): Promise<void> {
  const rows = await adminQuery(url, 'select datname from pg_database where starts_with(datname, $1)', [prefix])
  for (const row of rows) await adminQuery(url, `drop database if exists "${String(row.datname)}" with (force)`)
}

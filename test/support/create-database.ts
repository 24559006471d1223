import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { adminQuery, databaseUrlOf } from './database-url.ts'
import type {} from './global-setup.ts'
import { until } from './until.ts'

export interface TestDatabase {
  /** The superuser's connection string, with password. */
  readonly url: string
  readonly name: string
  /** Ends every connection to it and removes it. */
  readonly drop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A fresh database with the roles of Supabase and all migrations. */
export async function createDatabase(): Promise<TestDatabase> {
  const { template, migrationError } = inject('postgres')
  if (migrationError !== undefined) throw new Error(`The migrations do not apply: ${migrationError}`)
  return clone(template)
}

/** A fresh database with the roles of Supabase (default privileges, schema auth) and no migrations. */
export const createEmptyDatabase = (): Promise<TestDatabase> => clone(inject('postgres').emptyTemplate)

async function clone(template: string): Promise<TestDatabase> {
  const { url: serverUrl, prefix, cloneOptions } = inject('postgres')
  const name = `${prefix}_${randomBytes(6).toString('hex')}`
  await until(
    async () => {
      try {
        await adminQuery(serverUrl, `create database ${name} template ${template} ${cloneOptions}`)
        return true
      } catch (error) {
        // 55006: the template is being read by another clone or by autovacuum.
        if ((error as { code?: unknown }).code === '55006') return false
        throw error
      }
    },
    { timeoutMs: 20_000, what: 'a clone of the template database' },
  )
  const drop = async (): Promise<void> => {
    await adminQuery(serverUrl, `drop database if exists ${name} with (force)`)
  }
  return { url: databaseUrlOf(serverUrl, name), name, drop, [Symbol.asyncDispose]: drop }
}

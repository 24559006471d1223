/** Connections for calls, one more that listens for schema changes, and the schema cache that it keeps fresh. */

import pg from 'pg'
import type { Logger } from 'pino'
import type { GatewaySettings } from './options.ts'
import { placeKeeper } from './place-keeper.ts'
import { postgrestError } from './postgrest-error.ts'
import { loadSchemaCache, type SchemaCache } from './schema-cache.ts'
import { listenForSchema } from './schema-listener.ts'

export interface Database {
  /** @throws ReplyError PGRST002 (503) as long as it was never loaded. */
  readonly schemaCache: () => SchemaCache
  /** Reads the catalogue now. Rejects when the database is down. */
  readonly reload: () => Promise<void>
  /**
   * A connection, ready to act for a role.
   * @throws ReplyError PGRST003 (504) when all are busy for too long, PGRST000 (503) when the database is down.
   */
  readonly acquire: () => Promise<Connection>
  readonly close: () => Promise<void>
}

export interface Connection {
  readonly client: pg.PoolClient
  /** @param broken the session cannot be used again. */
  readonly release: (broken?: boolean) => void
}

const connectTimeoutMs = 5_000

/**
 * A superuser's session becomes the authenticator's, so that leaving the caller's role leads to nobody powerful. The
 * quoting of literals relies on the last setting.
 */
const sessionSql = `
  do $$
  begin
    if (select rolsuper from pg_catalog.pg_roles where rolname = session_user)
      and exists (select from pg_catalog.pg_roles where rolname = 'authenticator')
    then
      set session authorization authenticator;
    end if;
  end
  $$;
  set client_min_messages = warning;
  set idle_in_transaction_session_timeout = '60s';
  set standard_conforming_strings = on`

export function createDatabase(settings: GatewaySettings, log: Logger | undefined): Database {
  const pool = new pg.Pool({
    connectionString: settings.databaseUrl,
    max: settings.poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'colony-bees-gateway',
  })
  const prepared = new WeakSet<pg.PoolClient>()
  pool.on('error', (error) => log?.warn({ reason: error.message }, 'an idle database connection was lost'))
  // A connection may break at any moment; without a listener that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))

  const places = placeKeeper(settings.poolSize, settings.poolTimeoutMs)
  let cache: SchemaCache | undefined
  const closing = new AbortController()

  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect()
    if (prepared.has(client)) return client
    try {
      await client.query(sessionSql)
      prepared.add(client)
      return client
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  const load = async (): Promise<void> => {
    const client = await connect()
    try {
      cache = await loadSchemaCache(client)
      client.release()
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  // A wave of notifications costs two readings: the one that runs and one that sees everything.
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const reload = (): Promise<void> => {
    if (running === undefined) {
      running = load().finally(() => {
        running = undefined
      })
      return running
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return reload()
      })
    return next
  }

  const listening = listenForSchema({ databaseUrl: settings.databaseUrl, signal: closing.signal, reload, log })

  return {
    reload,
    schemaCache: () => {
      if (cache !== undefined) return cache
      throw unavailable('PGRST002', 'Could not query the database for the schema cache. Retrying.')
    },
    acquire: async () => {
      const freePlace = await places.take()
      try {
        const client = await connect()
        let released = false
        const release = (broken = false): void => {
          if (released) return
          released = true
          client.release(broken)
          freePlace()
        }
        return { client, release }
      } catch (error) {
        freePlace()
        log?.warn({ reason: error instanceof Error ? error.message : String(error) }, 'no connection to the database')
        throw unavailable('PGRST000', 'Database connection error. Retrying the connection.')
      }
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled([listening, pool.end()])
    },
  }
}

export const unavailable = (code: string, message: string) =>
  postgrestError(503, { code, message }, { 'retry-after': '1' })

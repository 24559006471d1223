/** Connections for calls, one more that listens for schema changes, and the schema cache that it keeps fresh. */

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { GatewaySettings } from './options.ts'
import { postgrestError } from './postgrest-error.ts'
import { loadSchemaCache, type SchemaCache } from './schema-cache.ts'

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
const maxBackoffMs = 5_000

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

  const listening = listen({ databaseUrl: settings.databaseUrl, signal: closing.signal, reload, log })

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
        log?.warn({ reason: messageOf(error) }, 'no connection to the database')
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

/** First come, first served; who waits longer than the timeout gets PGRST003. */
function placeKeeper(size: number, timeoutMs: number) {
  let free = size
  const waiting = new Set<() => void>()
  const giveBack = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else next()
  }
  const take = (): Promise<() => void> => {
    if (free > 0) {
      free -= 1
      return Promise.resolve(giveBack)
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(proceed)
        reject(
          postgrestError(504, { code: 'PGRST003', message: 'Timed out acquiring connection from connection pool.' }),
        )
      }, timeoutMs)
      const proceed = (): void => {
        clearTimeout(timer)
        waiting.delete(proceed)
        resolve(giveBack)
      }
      waiting.add(proceed)
    })
  }
  return { take }
}

interface ListenOptions {
  readonly databaseUrl: string
  readonly signal: AbortSignal
  readonly reload: () => Promise<void>
  readonly log: Logger | undefined
}

/** Keeps one connection that hears `notify pgrst`; after each (re)connect the cache is read anew, as news may be missed. */
async function listen({ databaseUrl, signal, reload, log }: ListenOptions): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'colony-bees-gateway-listener',
    })
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve)
      client.on('error', () => resolve())
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      client.on('notification', ({ payload }) => {
        if (payload === 'reload config') return
        reload().catch((error: unknown) => log?.warn({ reason: messageOf(error) }, 'the schema cache is stale'))
      })
      await client.connect()
      await client.query('listen pgrst')
      await reload()
      failures = 0
      await ended
    } catch (error) {
      log?.warn({ reason: messageOf(error) }, 'cannot listen to the database')
    }
    await client.end().catch(() => undefined)
    if (signal.aborted) return
    const pauseMs = Math.min(maxBackoffMs, 50 * 2 ** Math.min(failures, 10))
    failures += 1
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

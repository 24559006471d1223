import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'

const connectTimeoutMs = 5_000
const maxBackoffMs = 5_000

export interface ListenOptions {
  readonly databaseUrl: string
  readonly signal: AbortSignal
  readonly reload: () => Promise<void>
  readonly log: Logger | undefined
}

/** Keeps one connection that hears `notify pgrst`; after each (re)connect the cache is read anew, as news may be missed. */
export async function listenForSchema({ databaseUrl, signal, reload, log }: ListenOptions): Promise<void> {
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

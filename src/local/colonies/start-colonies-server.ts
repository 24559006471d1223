import pino from 'pino'

import { createMatches } from './assignment.ts'
import type { ServerContext } from './context.ts'
import { loadDirectory } from './directory.ts'
import { createProcessEvents } from './events.ts'
import { createFaults, type Faults } from './faults.ts'
import { createHooks } from './hooks.ts'
import { listen } from './http-server.ts'
import { type ColoniesServerOptions, defaultSettings, type Settings } from './options.ts'
import { extraDdl, setUps } from './registry.ts'
import { openStore } from './store.ts'
import { createClock, timeFormatter } from './time.ts'
import { createTimers } from './timers.ts'
import { createWaiters } from './waiters.ts'

export interface ColoniesServer {
  /** `http://host:port` */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly faults: Faults
  /** Long-polls that have looked for work, found none and wait now: what a test waits for before it submits. */
  readonly waiting: () => number
  /** Stops listening, ends long-polls without assigning, writes what is left, closes an own pool. May be repeated. */
  close(): Promise<void>
}

/** Creates the tables where needed and starts serving. Rejects when the database or the port cannot be had. */
export async function startColoniesServer(options: ColoniesServerOptions): Promise<ColoniesServer> {
  const settings: Settings = { ...defaultSettings, ...options.settings }
  const logger = options.logger ?? pino({ enabled: false })
  const formatTime = timeFormatter(settings.timeZone)
  const store = await openStore({
    databaseUrl: options.databaseUrl,
    pool: options.pool,
    schema: options.schema ?? 'colonies',
    poolSize: options.poolSize ?? 10,
    extraDdl,
  })
  const timers = createTimers(logger)
  try {
    const address = { host: options.host ?? '127.0.0.1', port: options.port ?? 0 }
    const context: ServerContext = {
      settings,
      address,
      store,
      directory: await loadDirectory(store, options.serverId),
      clock: createClock(),
      formatTime,
      events: createProcessEvents(),
      waiters: createWaiters(createMatches(settings)),
      timers,
      hooks: createHooks(),
      faults: createFaults(options.faults),
      logger,
    }
    for (const setUp of setUps) await setUp(context)
    timers.every('signs of life', 1000, () => context.directory.flush())
    const listener = await listen(context, address, options.faultControl ?? false)
    address.port = listener.port
    const shutDown = async () => {
      await listener.close()
      await timers.close()
      await context.directory.flush()
      await store.close()
    }
    let closing: Promise<void> | undefined
    return {
      url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${listener.port}`,
      host: address.host,
      port: listener.port,
      faults: context.faults,
      waiting: () => context.waiters.asleep,
      close: () => {
        closing ??= shutDown()
        return closing
      },
    }
  } catch (thrown) {
    await timers.close()
    await store.close()
    throw thrown
  }
}

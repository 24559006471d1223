/** The RPC gateway: PostgREST's functions and a little of Storage, in front of one Postgres. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { BeeError } from '../../errors.ts'
import { answerFaults } from './answer-faults.ts'
import { authenticator } from './caller.ts'
import { createDatabase } from './database.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { type GatewayOptions, gatewaySettings } from './options.ts'
import { errorReply, postgrestError } from './postgrest-error.ts'
import { CallerGone } from './read-body.ts'
import { jsonReply, type Reply, ReplyError, send } from './reply.ts'
import { serveRpc } from './serve-rpc.ts'
import { answerStorage } from './storage/answer-storage.ts'
import { openObjectStore } from './storage/object-store.ts'
import { storageError } from './storage/storage-error.ts'

export interface Gateway {
  /** For `SUPABASE_URL`, e.g. `http://127.0.0.1:54321`. */
  readonly url: string
  readonly port: number
  readonly faults: FaultSwitch
  /** Reads the schema cache now, without waiting for `notify pgrst`. */
  readonly reloadSchema: () => Promise<void>
  /** Lets the calls that run end (for at most 5 s), then closes everything. Idempotent. */
  readonly close: () => Promise<void>
}

const drainTimeoutMs = 5_000
/** How long the first look at the database may hold up readiness; without a database we answer 503. */
const firstLoadTimeoutMs = 5_000

/**
 * Listens on 127.0.0.1. A database that is down does not prevent it.
 * @throws BeeError BEE_PORT_IN_USE, BEE_LOCAL_STACK_FAILED (bad options, storage folder not writable).
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, ...given } = options
  const parsed = gatewaySettings.safeParse(given)
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The gateway's options are wrong: ${where}`)
  }
  const settings = parsed.data
  const store = await openObjectStore(settings.storageDir).catch((cause: unknown) => {
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The storage folder ${settings.storageDir} cannot be used.`, { cause })
  })
  const database = createDatabase(settings, log)
  const faults = createFaultSwitch()
  const authenticate = authenticator(settings)
  const rpc = { database, faults, maxBodyBytes: settings.maxBodyBytes }
  const storage = { store, maxObjectBytes: settings.maxObjectBytes }

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { segments, queryText } = splitTarget(request.url ?? '/')
    const area = segments.slice(0, 2).join('/')
    if (segments[0] === 'health') return send(response, health(database))
    const caller = authenticate(request.headers)
    if (area === 'rest/v1') {
      const [, , rest, functionName, ...more] = segments
      if (rest === undefined || rest === '') return send(response, jsonReply(200, '{}'))
      if (rest === 'rpc' && functionName !== undefined && more.length === 0) {
        return serveRpc(rpc, request, response, { caller, functionName, queryText })
      }
      const message = `Could not find the table 'public.${rest}' in the schema cache`
      throw postgrestError(404, { code: 'PGRST205', message, hint: 'The local gateway serves functions only.' })
    }
    if (caller.role !== 'service_role') throw storageError(403, 'Unauthorized', 'This needs the secret key')
    if (area === 'storage/v1') return send(response, await answerStorage(storage, request, segments.slice(2)))
    if (settings.faultControl && segments[0] === '__faults') return send(response, await answerFaults(faults, request))
    throw postgrestError(404, { code: 'PGRST125', message: 'Invalid path specified in request URL' })
  }

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 60_000 }, (request, response) => {
    // A connection that falls idle while we close would otherwise be kept until its caller leaves.
    response.once('close', () => {
      if (closing !== undefined) setImmediate(() => server.closeIdleConnections())
    })
    route(request, response).catch((error: unknown) => send(response, failure(error, log)))
  })
  let closing: Promise<void> | undefined
  const port = await listen(server, settings.port).catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  await firstLoad(database.reload)

  const close = async (): Promise<void> => {
    const drained = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const timer = setTimeout(() => server.closeAllConnections(), drainTimeoutMs)
    await drained
    clearTimeout(timer)
    await database.close()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    faults,
    reloadSchema: database.reload,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function failure(error: unknown, log: Logger | undefined): Reply {
  if (error instanceof ReplyError) return error.reply
  if (error instanceof CallerGone) return { status: 400 }
  log?.error({ err: error }, 'the gateway failed')
  return errorReply(500, { code: 'PGRSTX00', message: 'The local gateway failed; see its log.' })
}

function health(database: { readonly schemaCache: () => unknown }): Reply {
  database.schemaCache()
  return jsonReply(200, '{"status":"ok"}')
}

/** The path is taken as it was sent: a URL parser would resolve `..` before we could refuse it. */
function splitTarget(target: string): { readonly segments: readonly string[]; readonly queryText: string } {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent)
    return { segments, queryText: mark === -1 ? '' : target.slice(mark + 1) }
  } catch {
    throw postgrestError(400, { code: 'PGRST125', message: 'Invalid path specified in request URL' })
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'BEE_PORT_IN_USE' : 'BEE_LOCAL_STACK_FAILED'
      reject(
        new BeeError(code, `The gateway cannot listen on port ${port}: ${cause.code}`, { cause, details: { port } }),
      )
    })
    server.listen({ port, host: '127.0.0.1' }, () => resolve((server.address() as AddressInfo).port))
  })
}

async function firstLoad(reload: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, firstLoadTimeoutMs)
  })
  await Promise.race([reload().catch(() => undefined), late])
  clearTimeout(timer)
}

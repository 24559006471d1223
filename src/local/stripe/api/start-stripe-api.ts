import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BeeError } from '../../../errors.ts'
import { apiVersions } from '../event.ts'
import type { World } from '../types.ts'
import { type Answer, answer } from './answer.ts'
import { callerOf } from './caller.ts'
import { type Control, control } from './control.ts'
import { rateLimited, StripeApiError } from './errors.ts'
import { createStripeFaults, type StripeFaults } from './faults.ts'
import { misbehave } from './misbehave.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { createRateLimit } from './rate-limit.ts'

export interface StripeApiOptions {
  /** Objects are looked for in all of them; lists join them. A function is asked at each request. */
  readonly worlds: readonly World[] | (() => readonly World[])
  /** The moment that is shown, milliseconds since 1970. @default the present of the object's world */
  readonly nowMs?: (() => number) | undefined
  /** 0 for any free one. @default 0 */
  readonly port?: number | undefined
  /** Faults can be switched on over HTTP (/__faults) too. @default false */
  readonly faultControl?: boolean | undefined
  /** Keys that are let in; others get 401. @default all that look like Stripe's */
  readonly keys?: readonly string[] | undefined
  /** Requests per second and account before 429. @default none */
  readonly ratePerS?: number | undefined
  /**
   * Finds the world of an object that none of `worlds` has; one that it does not find either is answered with 403, since
   * nothing is known of it. Without it such objects are missing (404), as with Stripe.
   */
  readonly worldOf?: ((object: string) => World | undefined) | undefined
  /** What else can be asked of it with one of its keys: POST by path, JSON in and out. */
  readonly control?: Control | undefined
}

/** One request that has come in, for tests. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly account: string
  readonly livemode: boolean
  readonly version: string | null
  readonly idempotencyKey: string | null
  /** Of the answer; null when there was none. */
  status: number | null
}

export interface StripeApi {
  /** For STRIPE_API_URL, e.g. `http://127.0.0.1:12111`. */
  readonly url: string
  readonly port: number
  readonly faults: StripeFaults
  /** The latest 10 000. */
  readonly requests: readonly SeenRequest[]
  /** How many have come in at all. */
  requestCount(): number
  /** As long as nobody says so an event counts as not delivered: `delivery_success=false` lists it. */
  markDelivered(event: string, delivered: boolean): void
  /** Idempotent. */
  close(): Promise<void>
}

const mostRequests = 10_000

/**
 * Stripe's API in front of worlds, on 127.0.0.1: its paths, errors and versions, and its clock in the Date header.
 *
 * @throws BeeError BEE_PORT_IN_USE, BEE_LOCAL_STACK_FAILED
 */
export async function startStripeApi(options: StripeApiOptions): Promise<StripeApi> {
  const worlds = (): readonly World[] => (typeof options.worlds === 'function' ? options.worlds() : options.worlds)
  /** Of what belongs to no world: the latest of them. */
  const latestMs = (): number => {
    const all = worlds()
    return options.nowMs?.() ?? (all.length === 0 ? Date.now() : Math.max(...all.map((world) => world.nowMs())))
  }
  const faults = createStripeFaults()
  const requests: SeenRequest[] = []
  const delivered = new Set<string>()
  const allow = createRateLimit(options.ratePerS)
  let serial = 0
  let count = 0

  const respond = (request: IncomingMessage, response: ServerResponse): Answer => {
    const accounts = worlds().flatMap((world) => world.accounts)
    const caller = callerOf(request.headers, { keys: options.keys, accounts })
    const url = new URL(request.url ?? '/', 'http://stripe')
    const { method = 'GET' } = request
    const idempotencyKey = request.headers['idempotency-key'] ?? null
    response.setHeader('stripe-version', caller.version ?? apiVersions.basil)
    if (caller.account !== 'self') response.setHeader('stripe-account', caller.account)
    const seen: SeenRequest = {
      method,
      path: url.pathname,
      query: url.search,
      account: caller.account,
      livemode: caller.livemode,
      version: caller.version,
      idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : null,
      status: null,
    }
    requests.push(seen)
    count += 1
    if (requests.length > mostRequests) requests.shift()
    response.once('finish', () => {
      seen.status = response.statusCode
    })
    if (!allow(`${caller.account} ${caller.livemode}`)) throw rateLimited(1)
    if (method !== 'GET') {
      throw new StripeApiError(404, { message: `Unrecognized request URL (${method}: ${url.pathname}).` })
    }
    return answer({
      worlds: worlds(),
      caller,
      path: url.pathname,
      search: url.searchParams,
      atMs: options.nowMs?.(),
      isDelivered: (event) => delivered.has(event),
      worldOf: options.worldOf,
    })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    serial += 1
    response.sendDate = false
    response.setHeader('request-id', `req_${serial.toString(36).padStart(14, '0')}`)
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    if (path.startsWith('/__')) {
      const controlled = await Promise.allSettled([control(request, path, { ...options, faults })])
      const [result] = controlled
      return send(
        response,
        latestMs,
        outcomeOf(() => {
          if (result.status === 'rejected') throw result.reason
          return result.value
        }),
      )
    }
    request.resume()
    let clock = latestMs
    const outcome = outcomeOf(() => {
      const { body, world } = respond(request, response)
      clock = () => options.nowMs?.() ?? world?.nowMs() ?? latestMs()
      return body
    })
    if (faults.outage()) return void response.destroy()
    const fault = faults.take(path)
    response.setHeader('date', new Date(clock()).toUTCString())
    const final = fault === undefined ? outcome : await misbehave(fault, response, outcome)
    if (final !== undefined) send(response, clock, final)
  }

  const send = (response: ServerResponse, clock: () => number, { status, body, headers }: Outcome): void => {
    if (response.destroyed) return
    const date = new Date(clock()).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date, ...headers })
    response.end(JSON.stringify(body, null, 2))
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  const port = await listen(server, options.port ?? 0)
  let closing: Promise<void> | undefined
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    faults,
    requests,
    requestCount: () => count,
    markDelivered: (event, is) => {
      if (is) delivered.add(event)
      else delivered.delete(event)
    },
    close: () => {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closing
    },
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'BEE_PORT_IN_USE' : 'BEE_LOCAL_STACK_FAILED'
      const message = `The Stripe API double cannot listen on port ${port}: ${cause.code}`
      reject(new BeeError(code, message, { cause, details: { port } }))
    })
    server.listen({ port, host: '127.0.0.1' }, () => resolve((server.address() as AddressInfo).port))
  })
}

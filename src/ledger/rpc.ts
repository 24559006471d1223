import { createClient } from '@supabase/supabase-js'
import { z } from 'zod'
import { raceAbort } from '../resilience/index.ts'
import { retryAfterMs } from './retry-after.ts'

/** What came back from one HTTP request, before anybody believes it. */
export interface Answer {
  /** As sent by the other side; 0 when no complete answer came. */
  readonly status: number
  /** SQLSTATE or PostgREST code of a JSON error body. Matches the pattern of one, so it is safe to show. */
  readonly code: string | undefined
  /** Whether the other side says that the body is JSON; a proxy's own pages are not. */
  readonly json: boolean
  readonly data: unknown
  readonly retryAfterMs: number | undefined
}

/** Sends one call, once. Never throws: what went wrong is in the answer. */
export type Rpc = (call: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Answer>

export interface RpcOptions {
  readonly url: string
  /** Secret key of service_role, or of the narrower role `bee`. */
  readonly key: string
  readonly fetch?: typeof fetch | undefined
}

interface Envelope {
  status: number
  json: boolean
  retryAfterMs: number | undefined
}

const errorBody = z.object({ code: z.string().regex(/^(PGRST[0-9A-Z]{3}|[0-9A-Z]{5})$/) })

/**
 * `bee_execute` over supabase-js. The client hides headers and rewrites some statuses (an empty 404 becomes a 204, a
 * 404 with `[]` a 200), so its fetch is wrapped to note what was really sent; the abort signal, new for each request,
 * tells which request a response belongs to.
 */
export function createRpc(options: RpcOptions): Rpc {
  const send = options.fetch ?? fetch
  const envelopes = new WeakMap<AbortSignal, Envelope>()

  const notingFetch: typeof fetch = async (input, init) => {
    // A redirect would carry the key to another host, or turn the POST into a GET.
    const response = await send(input, { ...init, redirect: 'manual' })
    if (init?.signal) {
      envelopes.set(init.signal, {
        status: response.status,
        json: /\bjson\b/i.test(response.headers.get('content-type') ?? ''),
        retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
      })
    }
    return response
  }

  const client = createClient(options.url, options.key, {
    // Keeps the auth client, its storage and its timers out of the process.
    accessToken: () => Promise.resolve(options.key),
    global: { fetch: notingFetch },
  })

  return async (call, signal) => {
    try {
      // A builder sends on each await, so each try gets its own. The signal is the only limit that covers the body.
      const builder = client.rpc('bee_execute', { call }).retry(false).abortSignal(signal)
      const { data, error, status } = await raceAbort(builder, signal)
      const envelope = envelopes.get(signal)
      if (status === 0 || envelope === undefined) return lost(envelope)
      const parsed = errorBody.safeParse(error)
      const code = parsed.success ? parsed.data.code : undefined
      // A 200 that is not JSON has an error and no data, and fails as a reply.
      return { ...envelope, code, data: error === null ? data : undefined }
    } catch {
      return lost(envelopes.get(signal))
    }
  }
}

const lost = (envelope: Envelope | undefined): Answer => ({
  status: 0,
  code: undefined,
  json: false,
  data: undefined,
  retryAfterMs: envelope?.retryAfterMs,
})

import type { Clock } from '../../../src/bee/index.ts'

/** What one request brought, before anybody believes its body. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** From the sending of the request to the end of the body. */
  readonly elapsedMs: number
  /** False for what cannot be Stripe's: a proxy's page, a list, a bare word. */
  readonly isObject: boolean
}

export interface BufferedFetchOptions {
  readonly fetch: typeof fetch
  /** Cuts the request, and the body while it comes. */
  readonly signal: AbortSignal
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Of the body, decompressed. */
  readonly mostBytes: number
}

export interface BufferedFetch {
  readonly fetch: typeof fetch
  /** Undefined until there is a whole one. */
  readonly answer: () => Answer | undefined
}

/** What stripe-node may see of the headers; it prints others as warnings of the process. */
const passed = ['content-type', 'request-id']

/**
 * A `fetch` for one request of stripe-node. It gives back a response that is already here, so that one signal bounds the
 * body as well, however it drips; it sends nothing twice (stripe-node repeats a closed connection once, whatever its
 * settings say); it follows no redirect, which would carry the key elsewhere; and what is no JSON object is not handed
 * on, since stripe-node never answers for a bare number or text.
 */
export function bufferedFetch({ fetch, signal, clock, mostBytes }: BufferedFetchOptions): BufferedFetch {
  let sent = false
  let answer: Answer | undefined
  const once: typeof fetch = async (input, init) => {
    // Errors of ours have no `code`, by which stripe-node decides upon its repeat.
    if (sent) throw new Error('this request has been sent already')
    sent = true
    try {
      const startMs = clock.monotonicMs()
      const response = await fetch(input, { ...init, signal, redirect: 'manual' })
      const text = await read(response, mostBytes)
      const isObject = /^\s*\{/.test(text)
      const { status, headers } = response
      answer = { status, headers, elapsedMs: clock.monotonicMs() - startMs, isObject }
      if (!isObject || status < 200) throw new Error('the answer is no JSON object')
      const known = passed.flatMap((name) => {
        const value = headers.get(name)
        return value === null ? [] : [[name, value] as [string, string]]
      })
      return new Response(text, { status: bodiless.has(status) ? 200 : status, headers: known })
    } catch (thrown) {
      throw new Error('the request failed', { cause: thrown })
    }
  }
  return { fetch: once, answer: () => answer }
}

/** `Response` refuses a body with these. */
const bodiless = new Set([204, 205, 304])

async function read(response: Response, mostBytes: number): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  // Leaving the loop early cancels the body and with it the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

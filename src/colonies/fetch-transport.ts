import { Buffer } from 'node:buffer'
import { DEFAULT_MAX_RESPONSE_BYTES, type Transport, tooLarge } from './transport.ts'

export interface FetchTransportOptions {
  /** Full address of the endpoint, such as `https://colonies.example/api`. */
  readonly url: string | URL
  /**
   * Largest reply, bytes.
   * @default 67_108_864
   */
  readonly maxResponseBytes?: number | undefined
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const readBody = async (response: Response, limitBytes: number): Promise<string> => {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const chunk of response.body) {
    received += chunk.length
    if (received > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Transport over the global fetch, for runtimes without sockets of their own. Redirects are not followed. */
export const createFetchTransport = (options: FetchTransportOptions): Transport => {
  const limitBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES
  return async ({ body, signal }) => {
    const send = options.fetch ?? globalThis.fetch
    const headers = { 'content-type': 'application/json' }
    const response = await send(options.url, { method: 'POST', body, headers, signal, redirect: 'manual' })
    return { status: response.status, body: await readBody(response, limitBytes) }
  }
}

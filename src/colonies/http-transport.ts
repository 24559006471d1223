import { Buffer } from 'node:buffer'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { RawReply } from './envelope.ts'
import { DEFAULT_MAX_RESPONSE_BYTES, type Transport, TransportError, tooLarge } from './transport.ts'

export interface HttpTransportOptions {
  /** Full address of the endpoint, such as `http://127.0.0.1:50080/api`. */
  readonly url: string | URL
  /**
   * How long an unused connection is kept, milliseconds. Below 120 000, when the server closes it.
   * @default 60_000
   */
  readonly idleTimeoutMs?: number | undefined
  /**
   * Connections at the same time. Long polls hold one each; further calls queue.
   * @default 128
   */
  readonly maxSockets?: number | undefined
  /**
   * Largest reply, bytes.
   * @default 67_108_864
   */
  readonly maxResponseBytes?: number | undefined
  /** Certificate authority (PEM) instead of the system's. */
  readonly ca?: string | undefined
}

export interface HttpTransport extends Transport {
  /** Closes all connections. */
  close(): void
}

const SERVER_IDLE_TIMEOUT_MS = 120_000

/** Transport over node:http or node:https with one keep-alive agent. */
export const createHttpTransport = (options: HttpTransportOptions): HttpTransport => {
  const endpoint = new URL(options.url)
  const secure = endpoint.protocol === 'https:'
  if (!secure && endpoint.protocol !== 'http:') {
    throw new TypeError(`A Colonies address starts with http:// or https://; received ${endpoint.protocol}//`)
  }
  const idleTimeoutMs = options.idleTimeoutMs ?? 60_000
  if (!(idleTimeoutMs > 0 && idleTimeoutMs < SERVER_IDLE_TIMEOUT_MS)) {
    throw new TypeError(`idleTimeoutMs is more than 0 and below ${SERVER_IDLE_TIMEOUT_MS}; received ${idleTimeoutMs}.`)
  }
  const maxResponseBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES
  const agentOptions = { keepAlive: true, timeout: idleTimeoutMs, maxSockets: options.maxSockets ?? 128 }
  const agent = secure
    ? new HttpsAgent({ ...agentOptions, ...(options.ca === undefined ? {} : { ca: options.ca }) })
    : new HttpAgent(agentOptions)
  const send = secure ? httpsRequest : httpRequest

  const transport: Transport = ({ body, signal }) =>
    new Promise<RawReply>((resolve, reject) => {
      const bytes = Buffer.from(body, 'utf8')
      const headers = { 'content-type': 'application/json', 'content-length': bytes.length }
      const request = send(endpoint, { method: 'POST', agent, signal, headers }, (response) => {
        const chunks: Buffer[] = []
        let received = 0
        response.on('data', (chunk: Buffer) => {
          received += chunk.length
          if (received > maxResponseBytes) {
            reject(tooLarge(maxResponseBytes))
            request.destroy()
            return
          }
          chunks.push(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
        response.on('error', reject)
        response.on('close', () => {
          if (!response.complete) reject(new TransportError('cut', 'the connection was cut inside the reply'))
        })
      })
      request.on('error', reject)
      request.end(bytes)
    })

  return Object.assign(transport, { close: () => agent.destroy() })
}

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

const IDLE_MS = 60_000
/** Far above any reply of bee_execute; what is longer did not come from it. */
const MOST_BYTES = 64 * 1024 * 1024
const bodiless = new Set([101, 204, 205, 304])

/**
 * A `fetch` over node:http for the one thing that the ledger does with it: POST a text, read the whole reply. It costs
 * about half the CPU of the global one. Redirects are not followed, replies are not decompressed (none is asked for),
 * connections are kept alive and do not keep the program alive.
 */
export function createKeepAliveFetch(): typeof fetch {
  const options = { keepAlive: true, timeout: IDLE_MS }
  const plain = { send: httpRequest, agent: new HttpAgent(options) }
  const secure = { send: httpsRequest, agent: new HttpsAgent(options) }

  return (input, init = {}) =>
    new Promise<Response>((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input)
      const { send, agent } = url.protocol === 'https:' ? secure : plain
      const body = Buffer.from(String(init.body ?? ''), 'utf8')
      const headers: Record<string, string | number> = { 'content-length': body.length }
      new Headers(init.headers).forEach((value, name) => {
        headers[name] = value
      })
      const signal = init.signal ?? undefined
      const request = send(url, { method: init.method ?? 'GET', agent, headers, signal }, (reply) => {
        read(reply).then(resolve, (error: unknown) => {
          request.destroy()
          reject(error)
        })
      })
      request.on('error', reject)
      request.end(body)
    })
}

/** The whole reply; rejects when the connection ends inside it. */
function read(reply: IncomingMessage): Promise<Response> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let received = 0
    reply.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > MOST_BYTES) reject(new TypeError(`the reply is larger than ${MOST_BYTES} bytes`))
      else chunks.push(chunk)
    })
    reply.on('end', () => {
      const status = reply.statusCode ?? 0
      const headers = new Headers()
      for (const [name, value] of Object.entries(reply.headers)) headers.set(name, String(value))
      resolve(new Response(bodiless.has(status) ? null : Buffer.concat(chunks), { status, headers }))
    })
    reply.on('error', reject)
    reply.on('close', () => {
      if (!reply.complete) reject(new TypeError('the connection was cut inside the reply'))
    })
  })
}

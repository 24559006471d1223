import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'

/** A whole answer. */
export interface Forwarded {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

/** @param gone ends the call when it resolves */
export type Forwarder = (request: IncomingMessage, body: Buffer, gone?: Promise<void>) => Promise<Forwarded>

const hopByHop = new Set(['connection', 'host', 'transfer-encoding', 'content-length', 'keep-alive'])

/** Sends requests on to one server. */
export function forwarder(baseUrl: string): Forwarder {
  const agent = new Agent({ keepAlive: true })
  return (from, body, gone) =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { 'content-length': body.length }
      for (const [name, value] of Object.entries(from.headers)) {
        if (!hopByHop.has(name) && value !== undefined) headers[name] = String(value)
      }
      const url = new URL(from.url ?? '/', baseUrl)
      const request = httpRequest(url, { method: from.method ?? 'POST', agent, headers }, (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('error', reject)
        reply.on('end', () => {
          const type = reply.headers['content-type'] ?? 'text/plain'
          resolve({ status: reply.statusCode ?? 0, type, body: Buffer.concat(chunks) })
        })
      })
      let over = false
      request.on('close', () => {
        over = true
      })
      request.on('error', reject)
      request.end(body)
      gone?.then(() => over || request.destroy())
    })
}

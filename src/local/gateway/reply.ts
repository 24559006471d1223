import type { ServerResponse } from 'node:http'

/** An answer before it is sent. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Buffer | undefined
}

/** A failure with an answer of its own; thrown anywhere below the router. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
  readonly reply: Reply

  constructor(reply: Reply) {
    super(`HTTP ${reply.status}`)
    this.reply = reply
  }
}

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

export const jsonReply = (status: number, body: string, headers?: Readonly<Record<string, string>>): Reply => ({
  status,
  headers: { ...jsonType, ...headers },
  body,
})

/** Sends an answer; does nothing when the caller has gone. */
export function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed || response.headersSent) return
  const length = reply.body === undefined ? 0 : Buffer.byteLength(reply.body)
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === 204 ? {} : { 'content-length': String(length) }),
  })
  response.end(response.req.method === 'HEAD' ? undefined : reply.body)
}

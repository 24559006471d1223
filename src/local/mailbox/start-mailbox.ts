import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A message as it came. */
export interface MailboxMessage {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON; null when it was none. */
  readonly body: unknown
}

export interface Mailbox {
  /** `http://127.0.0.1:port` */
  readonly url: string
  close(): Promise<void>
}

const most = 200
const mostBytes = 262_144
const told = new Set(['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'])

/**
 * Where the alerts of a local hive go: it takes what would go to Slack or to a webhook and keeps the last 200 messages in
 * memory. `POST /<anything>` answers `ok` as Slack does; `GET /messages` lists what has come, the newest last. It listens on
 * the loopback interface alone.
 */
export async function startMailbox(port = 0): Promise<Mailbox> {
  const messages: MailboxMessage[] = []
  const server = createServer((request, response) => {
    answer(request, messages).then(
      ([status, body, type]) => response.writeHead(status, { 'content-type': type }).end(body),
      () => refuse(response),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function answer(
  request: IncomingMessage,
  messages: MailboxMessage[],
): Promise<readonly [status: number, body: string, type: string]> {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (request.method === 'GET' && path === '/messages') return [200, JSON.stringify(messages), 'application/json']
  if (request.method !== 'POST') return [404, 'not found', 'text/plain']
  const body = await bodyOf(request)
  if (body === undefined) return [413, 'too large', 'text/plain']
  const headers = Object.entries(request.headers).filter(
    (entry): entry is [string, string] => told.has(entry[0]) && typeof entry[1] === 'string',
  )
  messages.push({ at: Date.now(), path, headers: Object.fromEntries(headers), body: parsed(body) })
  if (messages.length > most) messages.shift()
  return [200, 'ok', 'text/plain']
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function refuse(response: ServerResponse): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(400, { 'content-type': 'text/plain' }).end('the request could not be read')
}

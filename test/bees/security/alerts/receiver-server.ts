import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came. */
export interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface ReceiverServer {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** What is answered from now on. @default 200 ok */
  answer: (request: Received, response: ServerResponse, number: number) => void
  /** What came, parsed. */
  bodies(): readonly Record<string, unknown>[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A real server for what is sent to Slack, PagerDuty or a webhook. */
export async function startReceiver(host = '127.0.0.1'): Promise<ReceiverServer> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '/', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      received.push(one)
      receiver.answer(one, response, received.length)
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  const receiver: ReceiverServer = {
    url: `http://${host}:${port}`,
    port,
    received,
    answer: (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok'),
    bodies: () => received.map(({ body }) => JSON.parse(body)),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return receiver
}

/** Answers with a status and a body. */
export const status =
  (code: number, body = '', headers: Readonly<Record<string, string>> = {}) =>
  (_request: Received, response: ServerResponse): void => {
    response.writeHead(code, headers).end(body)
  }

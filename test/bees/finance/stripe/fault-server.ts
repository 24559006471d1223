import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type Answering = (request: IncomingMessage, response: ServerResponse) => void

export interface FaultServer {
  readonly url: string
  readonly seen: readonly IncomingMessage[]
  /** Resolves when a connection has been closed from the other side. */
  readonly left: Promise<void>
  close(): Promise<void>
}

/** A server whose n-th request gets the n-th answer, and those after the last one the last one. */
export async function startFaultServer(...answers: readonly Answering[]): Promise<FaultServer> {
  const seen: IncomingMessage[] = []
  const left = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    seen.push(request)
    response.on('close', () => {
      if (!response.writableFinished) left.resolve()
    })
    ;(answers[seen.length - 1] ?? answers.at(-1))?.(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    left: left.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Headers = Readonly<Record<string, string>>

export const json =
  (status: number, body: unknown, headers: Headers = {}): Answering =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

export const raw =
  (status: number, body: string, headers: Headers = {}): Answering =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body)
  }

/** Stripe's error envelope; the message quotes what Stripe's do. */
export const stripeError = (status: number, code: string, headers: Headers = {}): Answering =>
  json(
    status,
    {
      error: {
        type: 'invalid_request_error',
        code,
        message: 'No such charge: ch_hidden; key sk_test_secret',
        param: 'id',
      },
    },
    headers,
  )

/** Headers at once, then a byte every few milliseconds, for ever. */
export const drip: Answering = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{')
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

export const stall: Answering = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":"ch_1",')
}

export const hang: Answering = () => undefined

export const reset: Answering = (request) => request.socket.resetAndDestroy()

export const cut: Answering = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"id":"ch_1"')
  setImmediate(() => response.destroy())
}

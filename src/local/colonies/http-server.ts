import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { z } from 'zod'

import { BeeError } from '../../errors.ts'
import { answerCall } from './answer-call.ts'
import type { ServerContext } from './context.ts'
import { createOpener } from './envelope.ts'
import { fault } from './faults.ts'
import { attachPubsub } from './pubsub.ts'
import { handlers } from './registry.ts'

export interface Listener {
  readonly port: number
  close(): Promise<void>
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' }
const preflight = {
  'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
  'access-control-allow-headers': 'Origin,Content-Length,Content-Type',
  'access-control-max-age': '43200',
}

/** Starts the one HTTP listener. */
export async function listen(
  context: ServerContext,
  address: { readonly host: string; readonly port: number },
  faultControl: boolean,
): Promise<Listener> {
  const open = createOpener((payloadtype) => Object.hasOwn(handlers, payloadtype))
  const closing = new AbortController()
  const active = new Set<Promise<void>>()

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.origin !== undefined) response.setHeader('access-control-allow-origin', '*')
    const route = `${request.method} ${request.url?.split('?')[0]}`
    if (route === 'POST /api') return track(answerApi(request, response))
    if (route === 'GET /health') return end(response, 200, '')
    if (route === 'GET /pubsub') return end(response.setHeader('sec-websocket-version', '13'), 400, 'Bad Request\n')
    if (faultControl && request.url === '/__faults') return track(controlFaults(request, response, context))
    if (request.method === 'OPTIONS' && request.headers.origin !== undefined) {
      response.writeHead(204, preflight).end()
      return
    }
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
  }
  const track = (work: Promise<void>) => {
    const settled = work
      .catch((thrown: unknown) => context.logger.error({ err: thrown }, 'request failed'))
      .finally(() => active.delete(settled))
    active.add(settled)
  }
  const answerApi = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request, context.settings.maxBodyBytes)
    if (body === undefined) return end(response.setHeader('connection', 'close'), 413, '')
    const gone = new AbortController()
    const hangUp = () => gone.abort()
    response.once('close', hangUp)
    closing.signal.addEventListener('abort', hangUp)
    try {
      await answerCall(body, { response, open, handlers, signal: gone.signal, context })
    } finally {
      closing.signal.removeEventListener('abort', hangUp)
    }
  }

  const server = createServer({ keepAliveTimeout: 120_000, headersTimeout: 10_000, requestTimeout: 0 }, onRequest)
  const pubsub = attachPubsub(
    server,
    createOpener(() => true),
    context,
  )
  const port = await bind(server, address)
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      closing.abort()
      await pubsub.close()
      await Promise.all(active)
      server.closeAllConnections()
      await closed
    },
  }
}

function end(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, plainText).end(body)
}

/** The body as text, or undefined when it is too large; then the rest is not read and the connection ends. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > maxBytes) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const faultBody = z.union([fault, z.array(fault)])

/** `POST /__faults` with one fault or a list switches faults on; `DELETE /__faults` switches all off. */
async function controlFaults(
  request: IncomingMessage,
  response: ServerResponse,
  { faults }: ServerContext,
): Promise<void> {
  if (request.method === 'DELETE') {
    faults.clear()
  } else if (request.method === 'POST') {
    const parsed = faultBody.safeParse(await readJson(request))
    if (!parsed.success) return end(response, 400, z.prettifyError(parsed.error))
    for (const one of [parsed.data].flat()) faults.inject(one)
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(faults.pending()))
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await readBody(request, 65_536)) ?? '')
  } catch {
    return undefined
  }
}

async function bind(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'BEE_PORT_IN_USE' : 'BEE_LOCAL_STACK_FAILED'
      reject(new BeeError(code, `cannot listen on ${host}:${port}: ${cause.message}`, { cause }))
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

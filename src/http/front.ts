/**
 * The front: a worker thread that owns the public port. It answers the probes by itself, so that a blocked main loop is
 * measured and not just timed out, and passes everything else on to the main thread's server on the loopback address.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { beatAgeMs } from './heartbeat.ts'
import { peerHeader } from './peer.ts'
import type { FrontOptions, FrontOrder, FrontReport, Readiness } from './readiness.ts'
import { securityHeaders } from './security-headers.ts'

const options = workerData as FrontOptions
const report = (message: FrontReport) => parentPort?.postMessage(message)
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 60_000 })
let closing = false
let readiness: Readiness = { started: false, ready: false, reasons: ['starting'] }

const probes: Readonly<Record<string, () => { ok: boolean; facts: Record<string, unknown> }>> = {
  '/livez': () => {
    const ageMs = beatAgeMs(options.heartbeat)
    return { ok: ageMs <= options.livenessMs, facts: { loop_age_ms: ageMs, limit_ms: options.livenessMs } }
  },
  '/readyz': () => ({ ok: readiness.ready, facts: { reasons: readiness.reasons } }),
  '/startupz': () => ({ ok: readiness.started, facts: { reasons: readiness.started ? [] : readiness.reasons } }),
}

const server = createServer((incoming, outgoing) => {
  const path = (incoming.url ?? '/').split('?', 1)[0] ?? '/'
  const probe = Object.hasOwn(probes, path) ? probes[path] : undefined
  if (probe === undefined) return passOn(incoming, outgoing)
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD')
    return answer(outgoing, 405, { error: 'method not allowed' })
  const { ok, facts } = probe()
  return answer(outgoing, ok ? 200 : 503, { ok, ...facts })
})

function answer(outgoing: ServerResponse, status: number, facts: Record<string, unknown>): void {
  const body = `${JSON.stringify(facts)}\n`
  outgoing.writeHead(status, {
    ...securityHeaders,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  outgoing.end(body)
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const upstream = request({
    host: '127.0.0.1',
    port: options.upstreamPort,
    method: incoming.method,
    path: incoming.url,
    headers: { ...incoming.headers, [peerHeader]: incoming.socket.remoteAddress ?? '' },
    agent,
  })
  upstream.on('response', (reply) => {
    const { connection: _connection, 'keep-alive': _keepAlive, ...headers } = reply.headers
    if (closing) outgoing.shouldKeepAlive = false
    outgoing.writeHead(reply.statusCode ?? 502, headers)
    reply.pipe(outgoing)
    reply.on('error', () => outgoing.destroy())
  })
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy()
    else answer(outgoing, 503, { error: 'the hive is not answering' })
  })
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
}

server.on('error', (error: NodeJS.ErrnoException) => report({ kind: 'failed', errorCode: error.code ?? error.name }))
server.listen(options.port, options.host, () =>
  report({ kind: 'listening', port: (server.address() as AddressInfo).port }),
)

parentPort?.on('message', (order: FrontOrder) => {
  if (order.kind === 'readiness') {
    readiness = order.readiness
    return
  }
  closing = true
  const force = setTimeout(() => server.closeAllConnections(), order.graceMs)
  server.close(() => {
    clearTimeout(force)
    agent.destroy()
    report({ kind: 'closed' })
    parentPort?.close()
  })
  server.closeIdleConnections()
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { BeeError } from '../errors.ts'
import type { Log } from '../telemetry/index.ts'
import { startHeartbeat } from './heartbeat.ts'
import type { FrontOptions, FrontOrder, FrontReport, Readiness } from './readiness.ts'
import { type RouteSources, routes } from './routes.ts'
import { securityHeaders } from './security-headers.ts'

export interface HttpOptions extends RouteSources {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** How long the main loop may be blocked before /livez answers 503. @default 5000 */
  readonly livenessMs?: number | undefined
  readonly log: Log
}

export interface HttpServer {
  readonly port: number
  setReadiness(readiness: Readiness): void
  /** Stops accepting, lets requests in flight end for `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>
}

/**
 * The hive's HTTP server: the front (worker thread, public port) before a Hono app in the main thread.
 *
 * @throws BeeError BEE_PORT_IN_USE
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const upstream = createServer(getRequestListener(app(options).fetch, { overrideGlobalObjects: false }))
  await new Promise<void>((resolve, reject) => upstream.once('error', reject).listen(0, '127.0.0.1', resolve))
  const heartbeat = startHeartbeat()
  const workerData: FrontOptions = {
    host: options.host,
    port: options.port,
    upstreamPort: (upstream.address() as AddressInfo).port,
    livenessMs: options.livenessMs ?? 5000,
    heartbeat: heartbeat.buffer,
  }
  const front = new Worker(new URL('./front.ts', import.meta.url), { workerData })
  const order = (message: FrontOrder) => front.postMessage(message)
  const stopUpstream = async () => {
    heartbeat.stop()
    upstream.closeAllConnections()
    await new Promise((resolve) => upstream.close(resolve))
  }
  try {
    const port = await listening(front, options)
    return {
      port,
      setReadiness: (readiness) => order({ kind: 'readiness', readiness }),
      async close(graceMs = 2000) {
        const gone = new Promise((resolve) => front.once('exit', resolve))
        order({ kind: 'close', graceMs })
        await gone
        await stopUpstream()
      },
    }
  } catch (error) {
    await front.terminate()
    await stopUpstream()
    throw error
  }
}

function listening(front: Worker, options: HttpOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    front.on('message', (report: FrontReport) => {
      if (report.kind === 'listening') resolve(report.port)
      if (report.kind === 'failed') reject(listenError(report.errorCode, options))
    })
    front.on('error', (error) => {
      options.log.error({ error }, 'the front of the HTTP server failed')
      reject(error)
    })
  })
}

function listenError(errorCode: string, { host, port }: HttpOptions): BeeError {
  if (errorCode === 'EADDRINUSE') {
    return new BeeError(
      'BEE_PORT_IN_USE',
      `${host}:${port} is taken by another program. Set BEES_PORT to another port.`,
    )
  }
  return new BeeError('BEE_CONFIG_INVALID', `Cannot listen on BEES_HOST ${host}, BEES_PORT ${port}: ${errorCode}.`)
}

function app(options: HttpOptions): Hono {
  const hono = new Hono()
  hono.use(async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value)
    }
  })
  for (const route of routes(options)) {
    hono.on(route.method === 'ALL' ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] : ['GET'], route.path, (context) =>
      route.handle(context.req.raw),
    )
  }
  hono.notFound(() => Response.json({ error: 'not found' }, { status: 404 }))
  hono.onError((error) => {
    options.log.error({ error }, 'a request failed')
    return Response.json({ error: 'internal error' }, { status: 500 })
  })
  return hono
}

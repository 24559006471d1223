import { gzipSync } from 'node:zlib'
import security from '../../../bees/security/bee.ts'
import type { Json } from '../../../src/canonical.ts'
import { createDirect } from '../../../src/fleet/index.ts'
import {
  createEventsIngress,
  type EventsIngressOptions,
  eventsSecrets,
  type RecordedItems,
  startHttp,
} from '../../../src/http/index.ts'
import { createLedger } from '../../../src/ledger/index.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { createLog, createMetrics, type Notice } from '../../../src/telemetry/index.ts'
import { createDatabase, startTestGateway } from '../../support/index.ts'
import { emptyStatus } from '../status.ts'

export const secret = 'evt_for_tests_0123456789abcdef'
export const otherSecret = 'evt_for_others_fedcba9876543210'
const env = { SECURITY_PSEUDONYM_KEY: 'a7'.repeat(32) }

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly gzip?: boolean
  readonly path?: string
}

/** The hive's HTTP server with POST /events before a real database; the same parts as the hive wires, and no broker. */
export async function openDoor(options: Partial<EventsIngressOptions> = {}) {
  const database = await createDatabase()
  const gateway = await startTestGateway(database.url, { faultControl: true })
  const lines: string[] = []
  const log = createLog({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } })
  const metrics = createMetrics({ version: 'test' })
  const notices: Notice[] = []
  const told: string[] = []
  const runDirect = createDirect({
    ...{ bees: [security], colony: 'test', clock: systemClock, log, metrics, env },
    ledger: createLedger({ url: gateway.url, key: gateway.keys.bee }),
  })
  const events = createEventsIngress({
    secrets: eventsSecrets([secret, `acme:${otherSecret}`], 'default'),
    record: async (tenant, items, { mandate, ...budget }) => {
      const input = { tenant, items, mandate: { ...mandate } } as Json
      return (await runDirect('security', 'record_events', input, budget)).result as unknown as RecordedItems
    },
    onRecorded: (tenant) => void told.push(tenant),
    ...{ log, metrics, notify: (notice: Notice) => void notices.push(notice) },
    ...options,
  })
  const http = await startHttp({
    ...{ host: '127.0.0.1', port: 0, log, metrics, events },
    status: () => emptyStatus,
    jwks: async () => ({ keys: [] }),
  })
  const url = `http://127.0.0.1:${http.port}`
  const post = async (body: unknown, { headers = {}, gzip = false, path = '/events' }: PostOptions = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, ...(gzip ? { 'content-encoding': 'gzip' } : {}), ...headers },
      body: gzip ? gzipSync(text) : text,
      signal: AbortSignal.timeout(30_000),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }
  const close = async () => {
    await http.close(0)
    await gateway.close()
    await database.drop()
  }
  return {
    database,
    gateway,
    url,
    port: http.port,
    post,
    lines,
    metrics,
    notices,
    told,
    close,
    [Symbol.asyncDispose]: close,
  }
}

export const login = (id: string, more: object = {}) => ({
  ...{ id, time: Date.now() - 1000, action: 'login', status: 'failure', src_ip: '203.0.113.7' },
  ...more,
})

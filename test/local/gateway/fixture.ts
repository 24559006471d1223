import { readFile } from 'node:fs/promises'
import type { GatewayOptions } from '../../../src/local/gateway/index.ts'
import {
  adminQuery,
  createEmptyDatabase,
  startTestGateway,
  type TestDatabase,
  type TestGateway,
} from '../../support/index.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; `undefined` when it is not JSON. */
  readonly json: unknown
}

export interface Fixture {
  readonly database: TestDatabase
  readonly gateway: TestGateway
  /** POST with a key, the service role's by default. */
  readonly rpc: (name: string, args?: object, key?: string, headers?: Record<string, string>) => Promise<Answer>
  readonly request: (path: string, init?: RequestInit) => Promise<Answer>
  readonly effects: () => Promise<unknown[]>
  readonly close: () => Promise<void>
}

/** A database with the functions of functions.sql and a gateway in front of it. */
export async function createFixture(options: Partial<GatewayOptions> = {}): Promise<Fixture> {
  const database = await createEmptyDatabase()
  await adminQuery(database.url, await readFile(new URL('functions.sql', import.meta.url), 'utf8'))
  const gateway = await startTestGateway(database.url, options)
  const request = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${gateway.url}${path}`, { signal: AbortSignal.timeout(20_000), ...init })
    const text = await response.text()
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: response.status, headers: response.headers, text, json }
  }
  return {
    database,
    gateway,
    request,
    rpc: (name, args = {}, key = gateway.keys.service_role, headers = {}) =>
      request(`/rest/v1/rpc/${name}`, {
        method: 'POST',
        headers: { apikey: key, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(args),
      }),
    effects: async () =>
      (await adminQuery(database.url, 'select n from public.effects order by n')).map((row) => row.n),
    close: async () => {
      await gateway.close()
      await database.drop()
    },
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway } from '../../../src/local/gateway/index.ts'
import { prepareSupabase, startPostgres } from '../../../src/local/postgres/index.ts'
import { isAlive } from '../../../src/local/postgres/process-identity.ts'
import { adminQuery, fastFolder, startGateway, startTestGateway, testKeys, until } from '../../support/index.ts'

let folder: string

beforeAll(async () => {
  folder = await fastFolder('bees-reconnect-')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const call = async (url: string, name = 'ping', body = '{}') => {
  const response = await fetch(`${url}/rest/v1/rpc/${name}`, {
    method: 'POST',
    headers: { apikey: testKeys.service_role },
    body,
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  return { status: response.status, retryAfter: response.headers.get('retry-after'), code: JSON.parse(text).code, text }
}

test('lost connections, a stopped and a restarted Postgres: 503 in between, and it heals', async () => {
  const dataDir = join(folder, 'postgres')
  let postgres = await startPostgres({ dataDir, durable: false })
  const databaseUrl = postgres.url
  await prepareSupabase(databaseUrl)
  await adminQuery(databaseUrl, "create function public.ping() returns text language sql as $$ select 'pong' $$")
  await adminQuery(
    databaseUrl,
    'create function public.nap(s float) returns void language sql as $$ select pg_sleep(s) $$',
  )
  await using gateway = await startTestGateway(databaseUrl)
  expect(await call(gateway.url)).toMatchObject({ status: 200, text: '"pong"' })

  // Idle connections are terminated: the next calls work at once or after one honest 503.
  const terminate =
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'colony-bees-gateway%'"
  await adminQuery(databaseUrl, terminate)
  await until(async () => (await call(gateway.url)).status === 200, { what: 'a new connection' })

  // A connection is terminated under a running call.
  const napping = call(gateway.url, 'nap', '{"s": 7}')
  await until(
    async () =>
      (
        await adminQuery(
          databaseUrl,
          "select 1 from pg_stat_activity where query like '%\"nap\"%' and state = 'active' and pid <> pg_backend_pid()",
        )
      ).length > 0,
    { what: 'the call to run' },
  )
  await adminQuery(databaseUrl, terminate)
  expect(await napping).toMatchObject({ status: 503, code: '57P01', retryAfter: '1' })
  expect(await call(gateway.url)).toMatchObject({ status: 200 })

  await postgres.stop()
  await until(async () => (await call(gateway.url)).code === 'PGRST000', { what: 'PGRST000' })
  expect(await call(gateway.url)).toMatchObject({ status: 503, retryAfter: '1' })

  postgres = await startPostgres({ dataDir, durable: false })
  expect(postgres.url).toBe(databaseUrl)
  await until(async () => (await call(gateway.url)).status === 200, { what: 'the gateway to heal' })

  // The listener is back, too.
  await adminQuery(databaseUrl, 'create function public.late() returns int language sql as $$ select 1 $$')
  await until(async () => (await call(gateway.url, 'late')).status === 200, { timeoutMs: 15_000, what: 'the reload' })
  await postgres.stop()
})

test('a gateway that starts before its database answers 503 and then heals', async () => {
  const dataDir = join(folder, 'late')
  const first = await startPostgres({ dataDir, durable: false })
  await prepareSupabase(first.url)
  await adminQuery(first.url, "create function public.ping() returns text language sql as $$ select 'pong' $$")
  await first.stop()
  await using gateway = await startTestGateway(first.url)
  expect(await call(gateway.url)).toMatchObject({ status: 503, code: 'PGRST002' })
  expect((await fetch(`${gateway.url}/health`)).status).toBe(503)
  const second = await startPostgres({ dataDir, durable: false })
  await until(async () => (await call(gateway.url)).status === 200, { timeoutMs: 15_000, what: 'the gateway to heal' })
  await second.stop()
})

test('as a child process: same behaviour, faults over HTTP, ends on stop', async () => {
  const postgres = await startPostgres({ dataDir: join(folder, 'child'), durable: false })
  await prepareSupabase(postgres.url)
  await adminQuery(postgres.url, "create function public.ping() returns text language sql as $$ select 'pong' $$")
  const options = { databaseUrl: postgres.url, keys: testKeys, storageDir: join(folder, 'objects') }
  const gateway = await startGateway({ ...options, faultControl: true })
  try {
    expect(await call(gateway.url)).toMatchObject({ status: 200, text: '"pong"' })
    const headers = { apikey: testKeys.service_role }
    const body = JSON.stringify({ kind: 'empty_404' })
    expect((await fetch(`${gateway.url}/__faults`, { method: 'POST', headers, body })).status).toBe(200)
    expect((await fetch(`${gateway.url}/rest/v1/rpc/ping`, { method: 'POST', headers })).status).toBe(404)
    expect((await fetch(`${gateway.url}/rest/v1/rpc/ping`, { method: 'POST', headers })).status).toBe(200)
    await expect(startGateway({ ...options, port: gateway.port })).rejects.toMatchObject({ code: 'BEE_PORT_IN_USE' })
  } finally {
    await gateway.stop()
    await gateway.exited
    await postgres.stop()
  }
  await expect(fetch(`${gateway.url}/health`)).rejects.toThrow()
})

test('the child ends when its parent is killed', async () => {
  const entry = fileURLToPath(new URL('parent.ts', import.meta.url))
  const settings = { databaseUrl: 'postgresql://x@127.0.0.1:1/x', keys: testKeys, storageDir: join(folder, 'orphan') }
  const parent = spawn(process.execPath, [entry, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: parent.stdout }), 'line')
  const { pid, url } = JSON.parse(String(line))
  expect((await fetch(`${url}/health`)).status).toBe(503)
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid), { timeoutMs: 15_000, what: 'the end of the gateway' })
})

test('wrong options are refused without repeating a secret', async () => {
  const options = { databaseUrl: 'postgresql://x', keys: { service_role: 'short' }, storageDir: folder }
  const error = await createGateway(options).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'BEE_LOCAL_STACK_FAILED' })
  expect(String(error)).toContain('keys.service_role')
  expect(String(error)).not.toContain('short')
})

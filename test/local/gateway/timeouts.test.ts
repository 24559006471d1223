import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminQuery, startTestGateway, until } from '../../support/index.ts'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture

beforeAll(async () => {
  it = await createFixture()
})

afterAll(() => it.close())

test('a hoisted statement_timeout ends the call with 57014, 500', async () => {
  const startMs = performance.now()
  const answer = await it.rpc('sleep_hoisted', { seconds: 5 })
  expect(answer).toMatchObject({ status: 500, json: { code: '57014' } })
  expect(performance.now() - startMs).toBeLessThan(2_000)
})

test("the role's statement_timeout ends the call when the function has none", async () => {
  const startMs = performance.now()
  const answer = await it.rpc('sleep', { seconds: 20 }, it.gateway.keys.anon)
  expect(answer).toMatchObject({ status: 500, json: { code: '57014' } })
  expect(performance.now() - startMs).toBeGreaterThan(2_900)
  expect(performance.now() - startMs).toBeLessThan(7_000)
})

test('a lock that is not to be had is 55P03, 500', async () => {
  const slow = it.rpc('run', { sql: 'lock table public.parents in access exclusive mode; select pg_sleep(1)' })
  await until(
    async () =>
      (
        await adminQuery(
          it.database.url,
          "select 1 from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'public.parents'::regclass",
        )
      ).length > 0,
    { what: 'the lock' },
  )
  expect(await it.rpc('wait_for_lock')).toMatchObject({ status: 500, json: { code: '55P03' } })
  expect((await slow).status).toBe(204)
})

test('two callers run at the same time', async () => {
  const [one, other] = await Promise.all([it.rpc('meet'), it.rpc('meet')])
  expect([one.json, other.json]).toEqual([true, true])
})

test('PGRST003, 504, when all connections are busy for too long; served when one comes free in time', async () => {
  await using small = await startTestGateway(it.database.url, { poolSize: 1, poolTimeoutMs: 300 })
  const call = (seconds: number) =>
    fetch(`${small.url}/rest/v1/rpc/sleep`, {
      method: 'POST',
      headers: { apikey: small.keys.service_role },
      body: JSON.stringify({ seconds }),
    }).then(async (response) => ({ status: response.status, text: await response.text() }))
  const long = call(1)
  const waiting = await call(0)
  expect(waiting).toMatchObject({ status: 504, text: expect.stringContaining('PGRST003') })
  expect((await long).status).toBe(204)
  const both = await Promise.all([call(0.1), call(0.1)])
  expect(both.map(({ status }) => status)).toEqual([204, 204])
})

test('a caller that leaves does not cancel the statement: it commits', async () => {
  const body = JSON.stringify({ n: 1, seconds: 0.5 })
  const call = httpRequest(`${it.gateway.url}/rest/v1/rpc/add_effect_slowly`, {
    method: 'POST',
    headers: { apikey: it.gateway.keys.service_role, 'content-length': String(body.length) },
  })
  call.on('error', () => undefined)
  call.end(body)
  await until(
    async () =>
      (
        await adminQuery(
          it.database.url,
          "select 1 from pg_stat_activity where query like '%add_effect_slowly%' and state = 'active' and pid <> pg_backend_pid()",
        )
      ).length > 0,
    { what: 'the statement to run' },
  )
  call.destroy()
  expect(await it.effects()).toEqual([])
  await until(async () => (await it.effects()).includes(1), { what: 'the commit' })
})

test('a caller that leaves before its body is complete causes nothing', async () => {
  const call = httpRequest(`${it.gateway.url}/rest/v1/rpc/add_effect`, {
    method: 'POST',
    headers: { apikey: it.gateway.keys.service_role, 'content-length': '100' },
  })
  call.on('error', () => undefined)
  await new Promise((resolve) => call.write('{"n": 2', resolve))
  call.destroy()
  // The next call over the same gateway is answered, and the half one has left no trace.
  expect(await it.rpc('add_effect', { n: 3 })).toMatchObject({ status: 200 })
  expect(await it.effects()).not.toContain(2)
})

test('close lets a running call end and answer', async () => {
  const leaving = await startTestGateway(it.database.url)
  const call = fetch(`${leaving.url}/rest/v1/rpc/add_effect_slowly`, {
    method: 'POST',
    headers: { apikey: leaving.keys.service_role },
    body: JSON.stringify({ n: 77, seconds: 0.4 }),
  })
  await until(
    async () =>
      (
        await adminQuery(
          it.database.url,
          `select 1 from pg_stat_activity where query like '%"n":77%' and state = 'active' and pid <> pg_backend_pid()`,
        )
      ).length > 0,
    { what: 'the call to run' },
  )
  const startMs = performance.now()
  await leaving.close()
  // The idle connection of the pooled client must not hold it up.
  expect(performance.now() - startMs).toBeLessThan(4_000)
  expect((await call).status).toBe(200)
  expect(await it.effects()).toContain(77)
  await expect(fetch(`${leaving.url}/health`)).rejects.toThrow()
})

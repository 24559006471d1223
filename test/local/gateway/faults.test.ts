import { createClient } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { faultKinds } from '../../../src/local/gateway/index.ts'
import { until } from '../../support/index.ts'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture
let n = 0

beforeAll(async () => {
  it = await createFixture({ faultControl: true })
})
beforeEach(() => {
  n += 1
})
afterEach(() => it.gateway.faults.clear())
afterAll(() => it.close())

test('drop_reply_after_commit: no answer, but the effect', async () => {
  it.gateway.faults.add({ kind: 'drop_reply_after_commit', function: 'add_effect' })
  await expect(it.rpc('add_effect', { n })).rejects.toThrow()
  expect(await it.effects()).toContain(n)
  expect(it.gateway.faults.list()).toEqual([])
})

test('reset_before_commit: no answer and no effect', async () => {
  it.gateway.faults.add({ kind: 'reset_before_commit' })
  await expect(it.rpc('add_effect', { n })).rejects.toThrow()
  expect(await it.effects()).not.toContain(n)
  expect(await it.rpc('add_effect', { n })).toMatchObject({ status: 200 })
})

test('stall_body: headers and a part, then silence', async () => {
  it.gateway.faults.add({ kind: 'stall_body' })
  const response = await fetch(`${it.gateway.url}/rest/v1/rpc/add_effect`, {
    method: 'POST',
    headers: { apikey: it.gateway.keys.service_role },
    body: JSON.stringify({ n }),
    signal: AbortSignal.timeout(500),
  })
  expect(response.status).toBe(200)
  await expect(response.text()).rejects.toThrow(/timeout/)
  expect(await it.effects()).toContain(n)
})

test.each([
  ['empty_404', 404, ''],
  ['array_404', 404, '[]'],
  ['html_502', 502, expect.stringContaining('<html>')],
  ['unavailable_503', 503, 'Service Unavailable'],
  ['not_json_200', 200, '{"half": '],
] as const)('%s: answers %i, with and without the effect', async (kind, status, text) => {
  it.gateway.faults.add({ kind, retryAfterSeconds: 7 })
  it.gateway.faults.add({ kind, commits: false })
  const answer = await it.rpc('add_effect', { n })
  expect(answer).toMatchObject({ status, text })
  if (kind === 'unavailable_503') expect(answer.headers.get('retry-after')).toBe('7')
  expect(await it.effects()).toContain(n)
  n += 1000
  expect(await it.rpc('add_effect', { n })).toMatchObject({ status, text })
  expect(await it.effects()).not.toContain(n)
  n -= 1000
})

test('supabase-js takes the two kinds of 404 for success, as in the wild', async () => {
  const client = createClient(it.gateway.url, it.gateway.keys.service_role, { auth: { persistSession: false } })
  it.gateway.faults.add({ kind: 'empty_404' })
  expect(await client.rpc('add_effect', { n })).toMatchObject({ error: null, data: null, status: 204 })
  it.gateway.faults.add({ kind: 'array_404' })
  expect(await client.rpc('echo', { call: 1 })).toMatchObject({ error: null, data: [], status: 200 })
})

test('delay_before_commit: the effect is not seen until the delay is over', async () => {
  it.gateway.faults.add({ kind: 'delay_before_commit', delayMs: 300 })
  const call = it.rpc('add_effect', { n })
  await until(() => it.gateway.faults.list().length === 0)
  expect(await it.effects()).not.toContain(n)
  expect(await call).toMatchObject({ status: 200 })
  expect(await it.effects()).toContain(n)
})

test('delay_after_commit: the effect is seen before the answer', async () => {
  it.gateway.faults.add({ kind: 'delay_after_commit', delayMs: 1_000 })
  let answered = false
  const call = it.rpc('add_effect', { n }).then((answer) => {
    answered = true
    return answer
  })
  await until(async () => (await it.effects()).includes(n))
  expect(answered).toBe(false)
  expect(await call).toMatchObject({ status: 200 })
})

test('a fault strikes its function only, and as often as it was told', async () => {
  const before = it.gateway.faults.struck()
  it.gateway.faults.add({ kind: 'html_502', function: 'echo_text', times: 2 })
  expect((await it.rpc('echo', { call: 1 })).status).toBe(200)
  expect((await it.rpc('echo_text', { value: 'a' })).status).toBe(502)
  expect((await it.rpc('echo_text', { value: 'a' })).status).toBe(502)
  expect((await it.rpc('echo_text', { value: 'a' })).status).toBe(200)
  expect(it.gateway.faults.struck() - before).toBe(2)
})

test('over HTTP: every kind can be armed, listed and cleared, by the service role only', async () => {
  const headers = { apikey: it.gateway.keys.service_role }
  const body = JSON.stringify(faultKinds.map((kind) => ({ kind, function: 'never_called', times: null })))
  const armed = await it.request('/__faults', { method: 'POST', headers, body })
  expect(armed).toMatchObject({ status: 200 })
  expect(it.gateway.faults.list()).toHaveLength(faultKinds.length)
  expect((await it.request('/__faults', { headers })).json).toMatchObject({ faults: expect.any(Array) })
  expect(await it.request('/__faults', { method: 'DELETE', headers })).toMatchObject({ json: { faults: [] } })
  for (const wrong of ['{"kind": "no_such_fault"}', '{"kind": "html_502", "tims": 1}', 'x']) {
    expect(await it.request('/__faults', { method: 'POST', headers, body: wrong })).toMatchObject({ status: 400 })
  }
  const anon = { apikey: it.gateway.keys.anon }
  expect((await it.request('/__faults', { method: 'POST', headers: anon, body })).status).toBe(400)
  expect(it.gateway.faults.list()).toEqual([])
})

test('without faultControl there is no such route', async () => {
  const plain = await createFixture()
  try {
    const headers = { apikey: plain.gateway.keys.service_role }
    expect((await plain.request('/__faults', { headers })).status).toBe(404)
  } finally {
    await plain.close()
  }
})

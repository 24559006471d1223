import { createClient } from '@supabase/supabase-js'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminQuery, until } from '../../support/index.ts'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture

beforeAll(async () => {
  it = await createFixture({ maxBodyBytes: 100_000 })
})

afterAll(() => it.close())

test.each([
  ['echo', { call: { a: [1, 'ü', null] } }, 200, { a: [1, 'ü', null] }],
  ['echo', { call: null }, 200, null],
  ['echo_text', { value: 'it\'s "quoted" \\ and $1' }, 200, 'it\'s "quoted" \\ and $1'],
  ['null_text', {}, 200, null],
  ['defaulted', { a: 1 }, 200, 3],
  ['defaulted', { b: 10, a: 1 }, 200, 11],
  ['list', { up_to: 3 }, 200, [1, 2, 3]],
  ['list', { up_to: 0 }, 200, []],
  ['one_parent', {}, 200, { id: 7 }],
  [
    'pairs',
    {},
    200,
    [
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ],
  ],
  ['whole', { any: 'thing', of: 1 }, 200, { got: { any: 'thing', of: 1 } }],
])('%s(%j) answers %i %j', async (name, args, status, body) => {
  const answer = await it.rpc(name, args)
  expect(answer).toMatchObject({ status, json: body })
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
})

test('void is 204 without a body', async () => {
  expect(await it.rpc('nothing')).toMatchObject({ status: 204, text: '' })
})

test('an empty body is no argument', async () => {
  const headers = { apikey: it.gateway.keys.service_role }
  expect(await it.request('/rest/v1/rpc/nothing', { method: 'POST', headers })).toMatchObject({ status: 204 })
})

test('integers beyond 2^53 keep their digits', async () => {
  const body = '{"call": {"n": 9007199254740993123}}'
  const headers = { apikey: it.gateway.keys.service_role }
  const answer = await it.request('/rest/v1/rpc/echo', { method: 'POST', headers, body })
  expect(answer.text).toBe('{"n": 9007199254740993123}')
})

test('any text comes back as it went, and no text gets out of its quotes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.dictionary(fc.string(), fc.string()), async (text, more) => {
      fc.pre(!JSON.stringify([text, more]).includes('\\u0000'))
      const value = `'; drop table public.effects; -- ${text}`
      expect((await it.rpc('echo_text', { value })).json).toBe(value)
      expect((await it.rpc('echo', { call: more })).json).toEqual(more)
    }),
    { numRuns: 60 },
  )
  expect(await it.effects()).toEqual([])
})

test.each(["x'; drop table public.effects; --", 'x"); drop table public.effects; --', '__proto__', 'constructor'])(
  'a hostile argument or function name is only a name: %s',
  async (name) => {
    expect(await it.rpc('echo', JSON.parse(`{${JSON.stringify(name)}: 1}`))).toMatchObject({ status: 404 })
    expect(await it.rpc(encodeURIComponent(name))).toMatchObject({ status: 404, json: { code: 'PGRST202' } })
    expect(await it.effects()).toEqual([])
  },
)

test('NUL inside JSON is refused by the database, not by us falling over', async () => {
  expect(await it.rpc('echo', { call: '\0' })).toMatchObject({ status: 400, json: { code: '22P05' } })
})

test('a missing function is PGRST202 with what was looked for and what is similar', async () => {
  const { status, json } = await it.rpc('echo_txt', { value: 1 })
  expect(status).toBe(404)
  expect(json).toEqual({
    code: 'PGRST202',
    message: 'Could not find the function public.echo_txt(value) in the schema cache',
    details:
      'Searched for the function public.echo_txt with parameters value or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
    hint: 'Perhaps you meant to call the function public.echo_text',
  })
})

test('wrong argument names are PGRST202; auth and pg_catalog are not exposed', async () => {
  expect(await it.rpc('echo', { call: 1, more: 2 })).toMatchObject({ status: 404, json: { code: 'PGRST202' } })
  expect(await it.rpc('uid')).toMatchObject({ status: 404 })
  expect(await it.rpc('pg_sleep', { seconds: 1 })).toMatchObject({ status: 404 })
})

test('an ambiguous function is PGRST203', async () => {
  expect(await it.rpc('overloaded', { v: 1 })).toMatchObject({ status: 300, json: { code: 'PGRST203' } })
})

test('a new function is found after `notify pgrst`', async () => {
  const answer = () => it.rpc('newcomer')
  expect((await answer()).status).toBe(404)
  await adminQuery(it.database.url, `create function public.newcomer() returns int language sql as 'select 1'`)
  await adminQuery(it.database.url, `notify pgrst, 'reload schema'`)
  await until(async () => (await answer()).status === 200, { what: 'the new function' })
})

test.each(['', 'x', '[1]', '"text"', 'null', '7', '{"a": 1,}', '{"a": 1} x'])('the body %j is %s', async (body) => {
  const headers = { apikey: it.gateway.keys.service_role }
  const { status, json } = await it.request('/rest/v1/rpc/echo', { method: 'POST', headers, body })
  if (body === '') expect(status).toBe(404)
  else expect({ status, json }).toMatchObject({ status: 400, json: { code: 'PGRST102' } })
})

test('bytes that are not UTF-8 are PGRST102', async () => {
  const body = Buffer.concat([Buffer.from('{"call": "'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')])
  const headers = { apikey: it.gateway.keys.service_role }
  const answer = await it.request('/rest/v1/rpc/echo', { method: 'POST', headers, body })
  expect(answer).toMatchObject({ status: 400, json: { code: 'PGRST102' } })
})

test('413 above the limit, announced or not; the limit itself is fine', async () => {
  const headers = { apikey: it.gateway.keys.service_role }
  const wrap = (length: number) => `{"call": "${'x'.repeat(length - 12)}"}`
  const post = (init: RequestInit) => it.request('/rest/v1/rpc/echo', { method: 'POST', headers, ...init })
  expect(await post({ body: wrap(100_000) })).toMatchObject({ status: 200 })
  expect(await post({ body: wrap(100_001) })).toMatchObject({ status: 413 })
  const stream = new Blob([wrap(300_000)]).stream()
  expect(await post({ body: stream, duplex: 'half' } as RequestInit)).toMatchObject({ status: 413 })
})

test('GET calls with text arguments, read-only', async () => {
  const headers = { apikey: it.gateway.keys.service_role }
  expect(await it.request('/rest/v1/rpc/list?up_to=2', { headers })).toMatchObject({ status: 200, json: [1, 2] })
  const write = await it.request('/rest/v1/rpc/add_effect?n=1', { headers })
  expect(write).toMatchObject({ status: 405, json: { code: '25006' } })
  expect(await it.request('/rest/v1/rpc/list?up_to=x', { headers })).toMatchObject({
    status: 400,
    json: { code: '22P02' },
  })
  expect(await it.request('/rest/v1/rpc/echo_text?value=%00', { headers })).toMatchObject({ status: 400 })
  expect(await it.rpc('sneaky_write', { n: 5 })).toMatchObject({ status: 400, json: { code: '0A000' } })
  expect(await it.effects()).toEqual([])
})

test.each(['PUT', 'PATCH', 'DELETE'])('%s is 405', async (method) => {
  const headers = { apikey: it.gateway.keys.service_role }
  expect((await it.request('/rest/v1/rpc/echo', { method, headers })).status).toBe(405)
})

test('tables are not served', async () => {
  const headers = { apikey: it.gateway.keys.service_role }
  expect(await it.request('/rest/v1/effects', { headers })).toMatchObject({ status: 404, json: { code: 'PGRST205' } })
})

test('through supabase-js', async () => {
  const client = createClient(it.gateway.url, it.gateway.keys.service_role, { auth: { persistSession: false } })
  expect(await client.rpc('echo', { call: { a: 1 } })).toMatchObject({ data: { a: 1 }, error: null, status: 200 })
  expect(await client.rpc('nothing')).toMatchObject({ data: null, error: null, status: 204 })
  expect(await client.rpc('list', { up_to: 2 }, { get: true })).toMatchObject({ data: [1, 2], error: null })
  const { error, status } = await client.rpc('raise_state', { state: 'P0001' })
  expect(status).toBe(400)
  expect(error).toMatchObject({ code: 'P0001', message: 'raised on purpose', details: 'the detail', hint: 'the hint' })
})

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminQuery, createDatabase, startTestGateway } from '../../support/index.ts'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture
const jwtSecret = 'a-secret-of-more-than-thirty-two-characters'

beforeAll(async () => {
  it = await createFixture({ jwtSecret })
})

afterAll(() => it.close())

const who = (headers: Record<string, string>) => it.request('/rest/v1/rpc/who', { method: 'POST', headers, body: '{}' })

function jwt(claims: object, secret = jwtSecret, alg = 'HS256'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

test.each(['anon', 'authenticated', 'service_role'] as const)('the key of %s is that role', async (role) => {
  const { json } = await who({ apikey: it.gateway.keys[role] })
  expect(json).toMatchObject({ current: role, role, session: 'authenticator', path: '/rpc/who', method: 'POST' })
})

test('role-level timeouts are as hosted', async () => {
  const timeouts = async (key: string) => (await who({ apikey: key })).json
  expect(await timeouts(it.gateway.keys.anon)).toMatchObject({ statement_timeout: '3s', lock_timeout: '8s' })
  expect(await timeouts(it.gateway.keys.authenticated)).toMatchObject({ statement_timeout: '8s' })
  expect(await timeouts(it.gateway.keys.service_role)).toMatchObject({ statement_timeout: '8s' })
})

test("a function's statement_timeout and isolation count for the whole transaction", async () => {
  expect((await it.rpc('who_hoisted')).json).toMatchObject({ statement_timeout: '1234ms' })
  expect((await it.rpc('who_serializable')).json).toMatchObject({ isolation: 'serializable' })
  expect((await it.rpc('who')).json).toMatchObject({ isolation: 'read committed', read_only: 'off' })
  expect((await it.rpc('who_stable')).json).toMatchObject({ read_only: 'on' })
})

test('settings of one call are gone in the next', async () => {
  const one = await createFixture({ poolSize: 1 })
  try {
    await one.rpc('who_hoisted')
    await one.rpc('who', {}, one.gateway.keys.anon)
    expect((await one.rpc('who')).json).toMatchObject({ current: 'service_role', statement_timeout: '8s' })
  } finally {
    await one.close()
  }
})

test.each([
  ['nothing at all', {}],
  ['an empty key', { apikey: '' }],
  ['an unknown key', { apikey: 'sb_secret_guess_guess_guess' }],
  ['the beginning of a key', { apikey: 'sb_secret_service_role_for_test' }],
  ['an unknown bearer', { authorization: 'Bearer sb_secret_guess_guess' }],
  ['another scheme', { authorization: 'Basic c2VydmljZQ==' }],
  ['the name of a role', { apikey: 'service_role' }],
])('401 for %s', async (_, headers) => {
  const answer = await who(headers as Record<string, string>)
  expect(answer).toMatchObject({ status: 401, json: { code: expect.stringMatching(/^PGRST30\d$/) } })
})

test('a bad bearer beside a good key is 401', async () => {
  const apikey = it.gateway.keys.service_role
  for (const token of ['nonsense', jwt({ role: 'service_role' }, 'x'.repeat(40)), jwt({ role: 'postgres' })]) {
    expect(await who({ apikey, authorization: `Bearer ${token}` })).toMatchObject({ status: 401 })
  }
})

test('a bad key beside a good bearer is 401', async () => {
  const authorization = `Bearer ${it.gateway.keys.service_role}`
  expect(await who({ apikey: 'nonsense-nonsense', authorization })).toMatchObject({ status: 401 })
  expect((await who({ authorization })).json).toMatchObject({ current: 'service_role' })
})

test('a user token beside the anon key makes the user', async () => {
  const sub = '6b7a1c5e-0d6f-4b1e-9a43-0b8a4a2f7c11'
  const token = jwt({ role: 'authenticated', sub, exp: Math.floor(Date.now() / 1000) + 60 })
  const { json } = await who({ apikey: it.gateway.keys.anon, authorization: `Bearer ${token}` })
  expect(json).toMatchObject({ current: 'authenticated', uid: sub })
})

test.each([
  ['expired', { role: 'authenticated', exp: 1_000_000_000 }, 'PGRST303'],
  ['not yet valid', { role: 'authenticated', nbf: 99_000_000_000 }, 'PGRST303'],
  ['without a role', { sub: 'x' }, 'PGRST301'],
  ["with the superuser's role", { role: 'postgres' }, 'PGRST301'],
])('a token %s is 401', async (_, claims, code) => {
  const answer = await who({ apikey: it.gateway.keys.anon, authorization: `Bearer ${jwt(claims)}` })
  expect(answer).toMatchObject({ status: 401, json: { code } })
})

test('a token that asks for no algorithm is 401', async () => {
  const token = `${jwt({ role: 'service_role' }, jwtSecret, 'none')}`
  expect((await who({ authorization: `Bearer ${token}` })).status).toBe(401)
  expect((await who({ authorization: `Bearer ${token.split('.').slice(0, 2).join('.')}.` })).status).toBe(401)
})

test('what is revoked from a role cannot be executed by it', async () => {
  expect(await it.rpc('secret_work', {}, it.gateway.keys.anon)).toMatchObject({ status: 401, json: { code: '42501' } })
  expect(await it.rpc('secret_work', {}, it.gateway.keys.authenticated)).toMatchObject({ status: 403 })
  expect(await it.rpc('secret_work')).toMatchObject({ status: 200, json: 'done' })
})

test('leaving the role leads to nobody powerful', async () => {
  expect((await it.rpc('escape_attempt', {}, it.gateway.keys.anon)).json).toBe('authenticator')
  const sql = 'reset role; create role intruder superuser'
  expect(await it.rpc('run', { sql }, it.gateway.keys.anon)).toMatchObject({ status: 401, json: { code: '42501' } })
})

test('the key of the narrow role is that role', async () => {
  await using database = await createDatabase()
  await adminQuery(database.url, 'create function public.me() returns text language sql as $$ select current_user $$')
  await using gateway = await startTestGateway(database.url)
  const me = await fetch(`${gateway.url}/rest/v1/rpc/me`, { method: 'POST', headers: { apikey: gateway.keys.bee } })
  expect(await me.text()).toBe('"bee"')
})

test('a key for a role that the database does not have is 401', async () => {
  const sql = "select set_config('role', 'nobody_has_this_role', true)"
  expect(await it.rpc('run', { sql })).toMatchObject({ status: 401, json: { code: '22023' } })
  expect(await it.rpc('run', { sql: "select set_config('work_mem', 'x', true)" })).toMatchObject({ status: 400 })
})

test('default privileges are the dangerous ones of a project: anon may call what nobody revoked', async () => {
  expect(await it.rpc('echo', { call: 1 }, it.gateway.keys.anon)).toMatchObject({ status: 200 })
  const sql = 'delete from public.effects'
  expect(await it.rpc('run', { sql }, it.gateway.keys.anon)).toMatchObject({ status: 204 })
})

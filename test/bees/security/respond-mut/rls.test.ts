import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../../../support/index.ts'
import { type Desk, machine, openDesk, rule } from './desk.ts'

const jwtSecret = 'a secret of these tests, long enough for HS256'
let desk: Desk
let gateway: TestGateway
beforeAll(async () => {
  desk = await openDesk()
  await desk.rows(`
    create table public.notes (id bigint generated always as identity, owner uuid not null, body text not null);
    alter table public.notes enable row level security;
    revoke all on public.notes from anon, service_role;
    grant select, insert on public.notes to authenticated;
    create policy own_notes on public.notes to authenticated
      using (owner = (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid)
      with check (owner = (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid);
    -- What the local gateway serves are functions; this one sees what the caller's policies let through.
    create function public.my_notes() returns jsonb language sql stable as
      $$ select coalesce(jsonb_agg(body order by id), '[]') from public.notes $$;
    create function public.write_note(body text) returns jsonb language sql as
      $$ insert into public.notes (owner, body)
         values ((current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid, body) returning to_jsonb(body) $$;
  `)
  // As docs/response.md tells it.
  await desk.rows(`
    grant usage on schema security_rls to authenticated;
    grant execute on function security_rls.allowed() to authenticated;
    create policy not_denied on public.notes as restrictive to authenticated
      using ((select security_rls.allowed())) with check ((select security_rls.allowed()));
  `)
  gateway = await startTestGateway(desk.database.url, { jwtSecret })
})
afterAll(async () => {
  await gateway.close()
  await desk.close()
})
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

interface Token {
  readonly sub: string
  readonly session_id: string
  readonly iat?: number
}
const nowS = () => Math.floor(Date.now() / 1000)
const tokenOf = ({ iat = nowS() - 60, ...claims }: Token): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role: 'authenticated', iat, exp: nowS() + 3600, ...claims })}`
  return `${text}.${createHmac('sha256', jwtSecret).update(text).digest('base64url')}`
}
const rpc = async (token: string, name: string, body: object = {}) => {
  const response = await fetch(`${gateway.url}/rest/v1/rpc/${name}`, {
    method: 'POST',
    headers: { apikey: gateway.keys.anon, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, body: await response.json() }
}
const notes = async (token: string) => (await rpc(token, 'my_notes')).body

async function person() {
  const { id: sub, sessions } = await desk.user('203.0.113.1', '203.0.113.2')
  const tokens = sessions.map((session_id) => tokenOf({ sub, session_id }))
  const [one, two] = [tokens[0] ?? '', tokens[1] ?? '']
  await rpc(one, 'write_note', { body: 'hello' })
  expect([await notes(one), await notes(two)]).toEqual([['hello'], ['hello']])
  return { sub, sessions, one, two }
}
async function respond(kind: string, id: string, response: string): Promise<string> {
  const plan = (await desk.incident({ wants: [{ kind, id, response }] })) ?? ''
  await desk.approve(plan)
  expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
  return plan
}

describe('a token that was issued before', () => {
  test('ends with its session, reading and writing; the other session goes on; a revert gives it back', async () => {
    const { sessions, one, two } = await person()
    const plan = await respond('session', sessions[0] ?? '', 'revoke_session')
    expect(await notes(one)).toEqual([])
    expect((await rpc(one, 'write_note', { body: 'still here' })).status).toBe(403)
    expect(await notes(two)).toEqual(['hello'])
    await desk.revert(plan)
    expect(await notes(one)).toEqual(['hello'])
  })

  test('ends with all sessions, that of a session that was over before too; a later sign-in works', async () => {
    const { sub, one, two } = await person()
    const orphan = tokenOf({ sub, session_id: randomUUID() })
    expect(await notes(orphan)).toEqual(['hello'])
    await respond('user', sub, 'revoke_sessions')
    for (const token of [one, two, orphan]) expect(await notes(token)).toEqual([])
    expect(await notes(tokenOf({ sub, session_id: randomUUID(), iat: nowS() + 1 }))).toEqual(['hello'])
  })

  test('ends with a lock, and so does any other until the lock is over', async () => {
    const { sub, one } = await person()
    const plan = await respond('user', sub, 'lock_user')
    const later = tokenOf({ sub, session_id: randomUUID(), iat: nowS() + 1 })
    for (const token of [one, later]) expect(await notes(token)).toEqual([])
    await desk.rows(`update security.restrictions set until = now() where plan = $1 and measure = 'lock'`, [plan])
    expect(await notes(later)).toEqual(['hello'])
    await desk.run('expire_responses', {}, machine)
    expect(await notes(later)).toEqual(['hello'])
    // The old token has not outlived it.
    expect(await notes(one)).toEqual([])
  })

  test('is denied for at least as long as it could live', async () => {
    const { sub } = await person()
    const plan = await respond('user', sub, 'revoke_sessions')
    const sql = `select bool_and(until > now() + interval '3600 seconds') as long from security.restrictions where plan = $1`
    expect(await desk.one(sql, [plan])).toEqual({ long: true })
  })

  test('of somebody else is not touched', async () => {
    const [one, two] = [await person(), await person()]
    await respond('user', one.sub, 'lock_user')
    expect(await notes(two.one)).toEqual(['hello'])
  })
})

describe('what applications ask', () => {
  test('tells denials, challenges and throttles, each with its end', async () => {
    await respond('ip', '198.51.100.7', 'challenge')
    await respond('net', '198.51.100.0/24', 'throttle')
    await respond('api_key', 'key_1', 'disable_key')
    const ask = async (...values: readonly unknown[]) =>
      (await desk.one('select security_rls.measures_for($1, $2, $3, $4) as it', values))['it'] as object
    const end = expect.stringMatching(/^\d{4}-/)
    expect(await ask(null, null, '198.51.100.7', null)).toEqual({ deny: false, challenge: end, throttle: end })
    expect(await ask(null, null, '198.51.100.8', null)).toEqual({ deny: false, challenge: false, throttle: end })
    expect(await ask(null, null, '198.51.101.8', 'key_1')).toEqual({ deny: end, challenge: false, throttle: false })
    expect(await ask(randomUUID(), randomUUID(), null, 'key_2')).toEqual({
      deny: false,
      challenge: false,
      throttle: false,
    })
  })

  test('a blocked address is denied by what the edge has written, not by what the caller says', async () => {
    await respond('ip', '198.51.100.9', 'block_ip')
    const denied = async (headers: object) => {
      const sql = `select set_config('request.headers', $1, true), security_rls.measures() -> 'deny' as deny`
      return (await desk.one(sql, [JSON.stringify(headers)]))['deny'] !== false
    }
    expect(await denied({ 'cf-connecting-ip': '198.51.100.9' })).toBe(true)
    expect(await denied({ 'cf-connecting-ip': '::ffff:198.51.100.9' })).toBe(true)
    expect(await denied({ 'cf-connecting-ip': '198.51.100.10', 'x-forwarded-for': '198.51.100.9' })).toBe(false)
    expect(await denied({})).toBe(false)
  })

  test("nobody may ask who was not let: the grant is the project's own decision", async () => {
    const { one } = await person()
    await desk.rows('create function public.ask() returns jsonb language sql as $$ select security_rls.measures() $$')
    await gateway.reloadSchema()
    expect((await rpc(one, 'ask')).status).toBe(403)
  })
})

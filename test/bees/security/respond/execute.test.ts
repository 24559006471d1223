import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ada, bob, type Desk, eve, machine, openDesk, rule, type Wish, world } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

/** An approved plan for what is wished. */
async function approved(...wants: readonly Wish[]): Promise<string> {
  const plan = await desk.incident({ wants })
  if (plan === null) throw new Error('no plan was proposed')
  expect(await desk.approve(plan)).toMatchObject({ decided: 'approved', state: 'approved' })
  return plan
}

const acts = async (plan: string) =>
  desk.rows(
    `select entry ->> 'do' as rung, entry ->> 'outcome' as outcome from security.audit
     where entry ->> 'plan' = $1 and entry ->> 'what' = 'acted' order by seq`,
    [plan],
  )

describe('apply and revert', () => {
  test('a lock with everything that belongs to it leaves nothing behind when it is taken back', async () => {
    const { id } = await desk.user('203.0.113.7', '203.0.113.8')
    await desk.user('203.0.113.7')
    const before = await world(desk)
    const plan = (await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }] })) ?? ''
    expect(await desk.execute(plan)).toMatchObject({ state: 'proposed', problem: 'not_approved' })
    expect(await world(desk)).toEqual(before)
    expect(await desk.approve(plan)).toMatchObject({ decided: 'approved', state: 'approved' })
    const done = await desk.execute(plan)
    expect(done).toMatchObject({ state: 'done', problem: null })
    expect(done.actions.map((action) => [action.do, action.state])).toEqual([
      ['notify', 'done'],
      ['revoke_sessions', 'done'],
      ['lock_user', 'done'],
    ])
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toHaveLength(0)
    expect(await desk.rows('select from auth.refresh_tokens where user_id = $1', [id])).toHaveLength(0)
    const [user] = await desk.rows('select banned_until > now() as banned from auth.users where id = $1', [id])
    expect(user).toEqual({ banned: true })
    const back = await desk.revert(plan, ada)
    expect(back).toMatchObject({ state: 'reverted', problem: null })
    expect(await world(desk)).toEqual(before)
    expect(
      await desk.rows(
        `select distinct entry ->> 'as_before' as same from security.audit
         where entry ->> 'plan' = $1 and entry ->> 'what' = 'reverted' and entry ->> 'do' <> 'notify'`,
        [plan],
      ),
    ).toEqual([{ same: 'true' }])
  })

  const rungs = [
    ['challenge', 'ip'],
    ['throttle', 'api_key'],
    ['disable_key', 'api_key'],
    ['block_ip', 'ip'],
    ['block_range', 'net'],
    ['revoke_session', 'session'],
    ['revoke_sessions', 'user'],
  ] as const
  test.each(rungs)('%s of one %s', async (response, kind) => {
    const { id: user, sessions } = await desk.user('198.51.100.1', '198.51.100.2')
    const octet = rungs.findIndex(([name]) => name === response) + 10
    const ids = { ip: `192.0.2.${octet}`, net: '192.0.2.0/24', api_key: randomUUID(), session: sessions[0] ?? '', user }
    const before = await world(desk)
    const plan = await approved({ kind, id: ids[kind], response })
    expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
    const during = await world(desk)
    expect(during).not.toEqual(before)
    const left = { revoke_session: 1, revoke_sessions: 0 }[response as string] ?? 2
    expect(await desk.rows('select from auth.sessions where user_id = $1', [user])).toHaveLength(left)
    expect((await desk.run('respond_threat', { plan, operation: 'verify' }, machine)).counts).toEqual({})
    expect(await desk.revert(plan)).toMatchObject({ state: 'reverted' })
    expect(await world(desk)).toEqual(before)
    // Taking it back once more changes nothing.
    expect(await desk.revert(plan, bob)).toMatchObject({ state: 'reverted' })
    expect(await world(desk)).toEqual(before)
  })

  test('of two locks of one user the other one stays, in either order', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { id } = await desk.user()
      const base = new Date(Date.now() + 60_000)
      await desk.rows('update auth.users set banned_until = $2 where id = $1', [id, base])
      const ban = async () => (await desk.one('select banned_until as at from auth.users where id = $1', [id]))['at']
      const plans: string[] = []
      for (const duration_s of [3600, 7200]) {
        const input = { tenant: 'acme', title: 'lock', reason: 'two of them' }
        const actions = [{ do: 'lock_user', target: { kind: 'user', id }, duration_s }]
        await desk.rows('update security.plan_actions set state = $1 where target = $2', ['over', id])
        const { output } = await desk.run('propose_plan', { ...input, actions }, bob.kid)
        const plan = String((output as Record<string, unknown>)['plan'])
        await desk.rows('update security.plan_actions set state = $1 where plan = any ($2)', ['done', plans])
        expect(await desk.approve(plan)).toMatchObject({ decided: 'approved' })
        expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
        plans.push(plan)
      }
      const [first, second] = order.map((index) => plans[index] ?? '')
      const bans = await desk.rows(`select until from security.restrictions where measure = 'lock' and target = $1`, [
        id,
      ])
      await desk.revert(first ?? '')
      const [rest] = await desk.rows(`select until from security.restrictions where measure = 'lock' and target = $1`, [
        id,
      ])
      expect(bans).toHaveLength(2)
      expect(await ban()).toEqual(rest?.['until'])
      await desk.revert(second ?? '')
      expect(await ban()).toEqual(base)
    }
  })

  test('a ban that a person has changed since is left alone', async () => {
    const { id } = await desk.user()
    const plan = await approved({ kind: 'user', id, response: 'lock_user' })
    await desk.execute(plan)
    const forever = new Date('2126-01-01T00:00:00Z')
    await desk.rows('update auth.users set banned_until = $2 where id = $1', [id, forever])
    const back = await desk.revert(plan)
    expect(back).toMatchObject({ state: 'reverted' })
    expect(back.actions.at(-1)).toMatchObject({ state: 'reverted', problem: 'ban_changed' })
    expect(await desk.one('select banned_until as at from auth.users where id = $1', [id])).toEqual({ at: forever })
  })

  test('sessions of a user who has been deleted meanwhile are not made up', async () => {
    const { id } = await desk.user('203.0.113.9')
    const plan = await approved({ kind: 'user', id, response: 'revoke_sessions' })
    await desk.execute(plan)
    await desk.rows('delete from auth.users where id = $1', [id])
    const back = await desk.revert(plan)
    expect(back).toMatchObject({ state: 'failed', problem: 'the revert is incomplete' })
    expect(back.actions.at(-1)).toMatchObject({ problem: 'sessions_no_user' })
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toEqual([])
  })

  test('of what was not carried out changes nothing, and the plan can still be decided about', async () => {
    const plan = (await desk.incident({ wants: [{ kind: 'ip', id: '192.0.2.111', response: 'block_ip' }] })) ?? ''
    expect(await desk.revert(plan)).toMatchObject({ state: 'proposed', problem: 'nothing_done' })
    await desk.approve(plan)
    expect(await desk.revert(plan)).toMatchObject({ state: 'approved', problem: 'nothing_done' })
    expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
  })

  test.each([null, machine, eve.kid])('is not for %s', async (by) => {
    const { id } = await desk.user('203.0.113.10')
    const plan = await approved({ kind: 'user', id, response: 'revoke_sessions' })
    await desk.execute(plan)
    const { output } = await desk.run('respond_threat', { plan, operation: 'revert', reason: 'give it back' }, by)
    expect(output).toMatchObject({ plans: [{ state: 'done', problem: 'unknown_key' }] })
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toEqual([])
  })
})

describe('once', () => {
  test('a replay of the process and a second process act no second time', async () => {
    const { id } = await desk.user('203.0.113.11')
    const plan = await approved({ kind: 'user', id, response: 'revoke_sessions' })
    const process = randomBytes(32).toString('hex')
    const first = await desk.execute(plan, { process })
    const during = await world(desk)
    await desk.user('203.0.113.11')
    // The user has signed in again: a second revocation would end this session too.
    const again = await desk.rows(
      `insert into auth.sessions (id, user_id) values (gen_random_uuid(), $1) returning id`,
      [id],
    )
    expect(await desk.execute(plan, { process })).toEqual(first)
    expect(await desk.execute(plan)).toMatchObject({ state: 'done', actions: first.actions })
    expect(await desk.rows('select id from auth.sessions where user_id = $1', [id])).toEqual(again)
    expect((await acts(plan)).map(({ rung }) => rung)).toEqual(['notify', 'revoke_sessions'])
    expect(during).toHaveProperty(['security.restrictions'])
  })

  test('two executors at once', async () => {
    const { id } = await desk.user('203.0.113.12', '203.0.113.13')
    const plan = await approved({ kind: 'user', id, response: 'lock_user' })
    const runs = await Promise.all([desk.execute(plan), desk.execute(plan), desk.execute(plan)])
    for (const run of runs) expect(run).toMatchObject({ state: 'done', problem: null })
    expect(await acts(plan)).toHaveLength(3)
    expect(
      await desk.rows(`select from security.restrictions where plan = $1 and measure = 'lock'`, [plan]),
    ).toHaveLength(1)
  })

  test('a hive that dies between an action and its answer: the next one goes on', async () => {
    for (const diesAfter of [1, 2, 3, 4, 5]) {
      const { id } = await desk.user('203.0.113.14')
      const plan = await approved({ kind: 'user', id, response: 'lock_user' })
      const process = randomBytes(32).toString('hex')
      await expect(desk.execute(plan, { process, diesAfter })).rejects.toThrow('killed')
      // Once as the broker does it, with the same process, once as the schedule does it, with another one.
      const result = diesAfter % 2 === 0 ? await desk.execute(plan) : await desk.execute(plan, { process })
      expect(result).toMatchObject({ state: 'done', problem: null })
      expect(await acts(plan)).toHaveLength(3)
    }
  })

  test('an action that fails leaves nothing of itself; what was done before it can be taken back', async () => {
    const { id } = await desk.user('203.0.113.16')
    const before = await world(desk)
    const plan = await approved({ kind: 'user', id, response: 'lock_user' })
    await desk.rows(`
      create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = 'P0001'; end $$;
      create trigger refuse before update on auth.users for each row execute function public.refuse()`)
    const { state, actions } = await desk.execute(plan)
    await desk.rows('drop function public.refuse cascade')
    expect(state).toBe('failed')
    expect(actions.map((action) => [action.state, action.problem])).toEqual([
      ['done', null],
      ['done', null],
      ['failed', 'P0001'],
    ])
    expect(await desk.rows(`select from security.restrictions where plan = $1 and measure = 'lock'`, [plan])).toEqual(
      [],
    )
    expect(await desk.revert(plan)).toMatchObject({ state: 'reverted' })
    expect(await world(desk)).toEqual(before)
  })

  test('a plan that is taken back while it is carried out is not carried on', async () => {
    const before = await world(desk)
    const { id } = await desk.user('203.0.113.15')
    const wants = [{ kind: 'user', id, response: 'lock_user' }]
    const plan = await approved(...wants)
    // begin, notify, revoke_sessions
    const process = randomBytes(32).toString('hex')
    await expect(desk.execute(plan, { process, diesAfter: 3 })).rejects.toThrow('killed')
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toEqual([])
    expect(await desk.revert(plan)).toMatchObject({ state: 'reverted' })
    // The dead hive's process comes back and still believes that it may go on.
    const { actions } = await desk.execute(plan, { process })
    expect(actions.map(({ state }) => state)).toEqual(['reverted', 'reverted', 'refused'])
    expect(await desk.execute(plan)).toMatchObject({ state: 'reverted' })
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toHaveLength(1)
    await desk.rows('delete from auth.users where id = $1', [id])
    expect(await world(desk)).toEqual(before)
  })

  test('the schedule takes what is due and nothing else', async () => {
    const due = await approved({ kind: 'ip', id: '192.0.2.101', response: 'block_ip' })
    const waiting = await desk.incident({ wants: [{ kind: 'ip', id: '192.0.2.102', response: 'block_ip' }] })
    const { output } = await desk.run('respond_threat', { operation: 'execute' }, machine)
    expect(output).toMatchObject({ plans: [{ plan: due, state: 'done' }] })
    expect(await desk.stateOf(waiting ?? '')).toBe('proposed')
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, machine, openDesk, rule, tenant, type Wish, world } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

let octet = 0
const stranger = (): Wish => {
  octet += 1
  return { kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }
}
const done = async (...wants: readonly Wish[]) => {
  const plan = (await desk.incident({ wants })) ?? ''
  await desk.approve(plan)
  expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
  return plan
}
const sweep = async () => (await desk.run('expire_responses', {}, machine)).output
const told = async (plan: string, what: string) =>
  desk.rows(
    `select entry ->> 'outcome' as outcome, entry ->> 'verified' as verified, entry ->> 'problem' as problem
     from security.audit where entry ->> 'plan' = $1 and entry ->> 'what' = $2 order by seq`,
    [plan, what],
  )
const passes = (plan: string) =>
  desk.rows(`update security.restrictions set until = now() - interval '1 second' where plan = $1`, [plan])

test('what is over is lifted, once, and the audit says that it is gone', async () => {
  await sweep()
  const before = await world(desk)
  const { id } = await desk.user()
  const plan = await done(stranger(), { kind: 'user', id, response: 'lock_user' })
  expect(await sweep()).toMatchObject({ lifted: 0 })
  await passes(plan)
  await desk.rows(`update auth.users set banned_until = now() - interval '1 second' where id = $1`, [id])
  await desk.rows(
    `update security.restrictions set until = (select banned_until from auth.users where id = $2)
    where plan = $1 and measure = 'lock'`,
    [plan, id],
  )
  expect(await sweep()).toMatchObject({ lifted: 3, failed: 0 })
  expect(await sweep()).toMatchObject({ lifted: 0, failed: 0 })
  expect(await told(plan, 'lifted')).toEqual(Array(3).fill({ outcome: 'lifted', verified: 'true', problem: null }))
  await desk.rows('delete from auth.users where id = $1', [id])
  expect(await world(desk)).toEqual(before)
  const states = await desk.rows('select state from security.plan_actions where plan = $1 order by n', [plan])
  expect(states.map(({ state }) => state)).toEqual(['done', 'over', 'over', 'over'])
})

test('two sweeps at once lift each thing once', async () => {
  const plans = [await done(stranger(), stranger()), await done(stranger(), stranger())]
  for (const plan of plans) await passes(plan)
  const sweeps = (await Promise.all([sweep(), sweep(), sweep()])) as { readonly lifted: number }[]
  expect(sweeps.reduce((sum, { lifted }) => sum + lifted, 0)).toBe(4)
})

test('a lock that runs out leaves a longer ban of somebody else', async () => {
  const { id } = await desk.user()
  const forever = new Date('2126-01-01T00:00:00Z')
  await desk.rows('update auth.users set banned_until = $2 where id = $1', [id, forever])
  const plan = await done({ kind: 'user', id, response: 'lock_user' })
  await desk.rows(`update security.restrictions set until = now() - interval '1 second' where plan = $1`, [plan])
  await sweep()
  expect(await desk.one('select banned_until as at from auth.users where id = $1', [id])).toEqual({ at: forever })
  expect(await desk.rows('select from security.restrictions where plan = $1', [plan])).toEqual([])
})

test('an action is looked at a minute later; where the effect is gone, the audit says so', async () => {
  const { id, sessions } = await desk.user('203.0.113.20')
  const [good, bad] = [await done(stranger()), await done({ kind: 'user', id, response: 'revoke_sessions' })]
  expect(await sweep()).toMatchObject({ verified: 0 })
  await desk.rows(
    `update security.plan_actions set acted_at = acted_at - interval '61 seconds' where plan = any ($1)`,
    [[good, bad]],
  )
  // Somebody has put a session back.
  await desk.rows('insert into auth.sessions (id, user_id) values ($1, $2)', [sessions[0], id])
  expect(await sweep()).toMatchObject({ verified: 2, wrong: 1 })
  expect(await told(good, 'verified')).toMatchObject([{ outcome: 'as_it_should_be' }])
  expect(await told(bad, 'verified')).toMatchObject([
    { outcome: 'not_as_it_should_be', problem: 'a revoked session is there' },
  ])
  expect(await sweep()).toMatchObject({ verified: 0, wrong: 0 })
  const again = await desk.run('respond_threat', { plan: bad, operation: 'verify' }, machine)
  expect(again.counts).toEqual({ wrong: 1 })
})

test('proposals nobody decided about are over after a day', async () => {
  const plan = (await desk.incident({ wants: [stranger()] })) ?? ''
  expect(await sweep()).toMatchObject({ expired: 0 })
  await desk.rows(`update security.plans set expires_at = now() where id = $1`, [plan])
  expect(await sweep()).toMatchObject({ expired: 1 })
  expect(await desk.stateOf(plan)).toBe('expired')
  expect(await sweep()).toMatchObject({ expired: 0 })
})

test('deleted sessions are forgotten after a week, and cannot be restored then', async () => {
  const { id } = await desk.user('203.0.113.21')
  const plan = await done({ kind: 'user', id, response: 'revoke_sessions' })
  await desk.rows(
    `update security_auth.revocations set revoked_at = revoked_at - interval '8 days' where user_id = $1`,
    [id],
  )
  expect(await sweep()).toMatchObject({ forgotten: 1 })
  expect(
    await desk.rows('select from security_auth.revocations where user_id = $1 and kept is not null', [id]),
  ).toEqual([])
  const back = await desk.revert(plan)
  expect(back).toMatchObject({ state: 'failed' })
  expect(back.actions.at(-1)).toMatchObject({ problem: 'sessions_forgotten' })
})

describe('who may expire', () => {
  test('anybody: nothing but what is over is touched', async () => {
    const plan = await done(stranger())
    const before = await world(desk)
    await sweep()
    expect(await world(desk)).toEqual(before)
    expect(
      await desk.rows('select from security.restrictions where plan = $1 and tenant = $2', [plan, tenant]),
    ).toHaveLength(1)
  })
})

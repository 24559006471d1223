import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ada, bob, type Desk, openDesk, rule } from './desk.ts'

/** An administrator's own ban, set while ours was in force, must outlive everything that we take back. */

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

const banOf = async (user: string) =>
  (await desk.one('select banned_until from auth.users where id = $1', [user]))['banned_until'] as Date | null
const adminBan = new Date('2031-01-01T00:00:00Z')

/** Two locks of one user: by two tenants of one project, whose decisions know nothing of each other. */
async function lockTwice(between: (user: string) => Promise<unknown>) {
  const { id } = await desk.user('203.0.113.1')
  const first = (await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }] })) ?? ''
  await desk.approve(first)
  expect((await desk.execute(first)).state).toBe('done')
  await between(id)
  const input = {
    ...{ tenant: 'beta', title: 'theirs', reason: 'they say so', mode: 'approve' },
    actions: [{ do: 'lock_user', target: { kind: 'user', id } }],
  }
  const { output } = await desk.run('propose_plan', input, bob.kid)
  const second = String((output as { readonly plan: string }).plan)
  await desk.approve(second, ada)
  const done = await desk.execute(second)
  expect(done.state, JSON.stringify(done)).toBe('done')
  return { id, first, second }
}

test.each([
  ['the newer lock first', true],
  ['the older lock first', false],
] as const)("an administrator's ban between two locks stays when they are taken back, %s", async (_, newerFirst) => {
  const { id, first, second } = await lockTwice((user) =>
    desk.rows('update auth.users set banned_until = $2 where id = $1', [user, adminBan]),
  )
  for (const plan of newerFirst ? [second, first] : [first, second]) {
    await desk.revert(plan)
    expect(await banOf(id)).toEqual(adminBan)
  }
})

test('a revert does not bring a stolen session back after its owner has set a new password', async () => {
  const { id } = await desk.user('203.0.113.66', '198.51.100.66')
  const plan = (await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }] })) ?? ''
  await desk.approve(plan)
  expect((await desk.execute(plan)).state).toBe('done')
  await desk.rows(`update auth.users set encrypted_password = '$2a$10$new' where id = $1`, [id])
  const { state, actions } = await desk.revert(plan)
  expect(state).toBe('reverted')
  expect(actions.map(({ problem }) => problem)).toContain('sessions_new_password')
  expect(await desk.rows('select id from auth.sessions where user_id = $1', [id])).toEqual([])
  expect(await banOf(id)).toBeNull()
})

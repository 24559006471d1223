import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../../support/index.ts'
import { ada, bob, type Desk, machine, openDesk, rule, tenant, world } from './desk.ts'

/** Decisions, executions, reverts and expiry of one plan, all at once: whatever comes first, it comes to one of few ends. */

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  await desk.setMode(rule, 'approve')
})
afterAll(() => desk.close())

test('a plan that everybody is at comes to one end, and its effect belongs to that end', {
  timeout: 90_000,
}, async () => {
  const random = seededRandom()
  for (let round = 0; round < 12; round += 1) {
    await desk.calm()
    const { id } = await desk.user(`203.0.113.${round + 1}`)
    const before = await world(desk)
    const plan = (await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }] })) ?? ''
    const digest = await desk.digest(plan)
    const decide = (decision: string, by: typeof ada) => () =>
      desk.run('decide_plan', { plan, digest, decision, reason: 'as I see it' }, by.kid)
    const respond = (operation: string, by: string) => () =>
      desk.run('respond_threat', { plan, operation, ...(operation === 'revert' ? { reason: 'no' } : {}) }, by)
    const all = random.shuffle([
      ...[decide('approve', ada), decide('approve', bob), decide(random.boolean() ? 'reject' : 'approve', bob)],
      ...[
        respond('execute', machine),
        respond('execute', machine),
        respond('revert', ada.kid),
        respond('execute', machine),
      ],
      () => desk.run('expire_responses', {}, machine),
    ])
    await Promise.all(all.map((one) => one()))
    const state = await desk.stateOf(plan)
    expect(['proposed', 'approved', 'done', 'refused', 'reverted', 'executing']).toContain(state)
    if (state === 'executing') await desk.execute(plan)
    if (['done', 'executing'].includes(state)) await desk.revert(plan)
    expect(await world(desk), `${state} in round ${round}`).toEqual(before)
    await desk.rows(`update security.plans set expires_at = now() where id = $1`, [plan])
  }
  const verdict = await desk.one('select security.verify_audit($1) as verdict', [tenant])
  expect(verdict['verdict']).toMatchObject({ problems: [] })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ada, type Desk, machine, openDesk, rule, tenant, type Wish, world } from './desk.ts'

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
const stranger = (over: Partial<Wish> = {}): Wish => {
  octet += 1
  return { kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip', ...over }
}
interface Stored {
  readonly mode: string
  readonly actions: readonly {
    readonly do: string
    readonly target: { readonly id: string }
    readonly duration_s: number
  }[]
  readonly held: readonly Record<string, unknown>[]
  readonly [key: string]: unknown
}
const documentOf = async (plan: string | null) =>
  (await desk.one('select plan from security.plans where id = $1', [plan]))['plan'] as Stored

describe('the mode', () => {
  test('of a new rule is to observe for 14 days, then to ask', async () => {
    const wish = stranger({ rule: 'brand_new' })
    const before = await world(desk)
    const plan = await desk.incident({ wants: [wish] })
    expect((await documentOf(plan)).mode).toBe('observe')
    const { actions, state } = await desk.execute(plan ?? '')
    expect([state, ...actions.map((action) => action.state)]).toEqual(['done', 'observed', 'observed'])
    expect(await world(desk)).toEqual(before)
    await desk.rows(
      `update security.playbooks set first_at = first_at - interval '15 days' where playbook = 'brand_new'`,
    )
    expect((await documentOf(await desk.incident({ wants: [wish] }))).mode).toBe('approve')
  })

  test('dry_run resolves everything and tells what the brakes would say, without effect', async () => {
    await desk.setMode(rule, 'dry_run')
    const { id } = await desk.user('203.0.113.6')
    const before = await world(desk)
    const plan = await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }, stranger()] })
    await desk.setLimits({ users_floor: 0, ips_per_10_min: 10 })
    const { actions, state } = await desk.execute(plan ?? '')
    expect(state).toBe('done')
    expect(actions.map((action) => [action.do, action.state, action.problem])).toEqual([
      ['notify', 'simulated', null],
      ['revoke_sessions', 'simulated', 'users_per_hour'],
      ['lock_user', 'simulated', 'users_per_hour'],
      ['block_ip', 'simulated', null],
    ])
    expect(await world(desk)).toEqual(before)
    expect(await desk.rows('select from security.circuits where closed_at is null')).toEqual([])
    await desk.setLimits({ users_floor: 10, actions_per_hour: 1000 })
  })

  test('auto acts by itself, on what is critical and certain only', async () => {
    await desk.setMode(rule, 'auto')
    const sure = await desk.incident({ wants: [stranger()] })
    const modes: unknown[] = [(await documentOf(sure)).mode]
    for (const over of [{ severity: 'high' }, { confidence: 'medium' }])
      modes.push((await documentOf(await desk.incident({ wants: [stranger(over)], severity: 'high' }))).mode)
    expect(modes).toEqual(['auto', 'approve', 'approve'])
    const { output } = await desk.run('respond_threat', { operation: 'execute' }, machine, { approvers: [] })
    expect(output).toMatchObject({ plans: [{ plan: sure, state: 'done' }] })
    // What is uncertain does not ride on what is certain.
    const mixed = await desk.incident({ wants: [stranger(), stranger({ confidence: 'low' })] })
    expect((await documentOf(mixed)).actions).toHaveLength(2)
  })

  test('auto that was switched off after the plan, or for everything, does nothing any more', async () => {
    await desk.setMode(rule, 'auto')
    const plan = (await desk.incident({ wants: [stranger()] })) ?? ''
    const before = await world(desk)
    const change = { op: 'playbook', tenant, playbook: '*', mode: 'observe', reason: 'stop' }
    await desk.run('set_response_policy', { change }, ada.kid)
    expect(await desk.execute(plan)).toMatchObject({ state: 'refused', problem: 'not_auto' })
    expect((await documentOf(await desk.incident({ wants: [stranger()] }))).mode).toBe('observe')
    expect(await world(desk)).toEqual(before)
    await desk.rows(`delete from security.playbooks where playbook = '*'`)
  })

  test('of a rule on probation is not lent by a trusted one', async () => {
    await desk.setMode('on_probation', 'observe')
    const wants = [stranger(), stranger({ rule: 'on_probation', severity: 'low' })]
    const document = await documentOf(await desk.incident({ wants }))
    expect(document.actions).toHaveLength(2)
    expect(document.held).toMatchObject([{ because: 'playbook', rule: 'on_probation' }])
  })

  test('of what is long over is to observe', async () => {
    const lastMs = Date.now() - 25 * 3_600_000
    expect((await documentOf(await desk.incident({ wants: [stranger()], lastMs }))).mode).toBe('observe')
  })
})

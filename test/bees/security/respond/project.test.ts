import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ada, changeOf, type Desk, machine, newIncident, openDesk, rule, tenant, type Wish, world } from './desk.ts'

/** Tenants share users, sessions and addresses: what all of them do together, and what a foreign one does by itself. */

const foreign = ['beta', 'gamma', 'delta', 'epsilon', 'zeta']
const all = [tenant, ...foreign]

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.rows('delete from security.playbooks')
  for (const name of all) await setMode(name, rule, 'approve')
  await setLimits({ users_floor: 10, actions_per_hour: 1000 })
})

const setMode = (name: string, playbook: string, mode: string) =>
  desk.rows(
    `insert into security.playbooks (tenant, playbook, mode) values ($1, $2, $3)
     on conflict (tenant, playbook) do update set mode = excluded.mode`,
    [name, playbook, mode],
  )
/** The same for every tenant, those that have none of their own among them. */
const setLimits = (limits: object) =>
  desk.rows(
    `insert into security.limits (tenant, limits, author, reason)
     select t, d.limits || $2, 'test', 'test' from security.limits as d, unnest($1::text[]) as t where d.tenant = '*'
     on conflict (tenant) do update set limits = excluded.limits`,
    [['*', ...all], JSON.stringify({ ips_per_10_min: 100, ...limits })],
  )
async function proposed(name: string, ...wants: readonly Wish[]) {
  const incident = newIncident()
  await desk.rows('select security.propose_plans($1, $2, now())', [
    name,
    JSON.stringify([changeOf({ wants, incident })]),
  ])
  return await desk.one('select id, mode, state from security.plans where incident = $1', [incident])
}
async function approved(name: string, ...wants: readonly Wish[]): Promise<string> {
  const { id } = await proposed(name, ...wants)
  expect(await desk.approve(String(id))).toMatchObject({ state: 'approved' })
  return String(id)
}
const problemsOf = async (plan: string) =>
  (await desk.execute(plan)).actions.filter(({ n }) => n > 1).map(({ state, problem }) => [state, problem])
let octet = 0
const stranger = (): Wish => {
  octet += 1
  return { kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }
}
const someone = async (): Promise<Wish> => ({
  kind: 'user',
  id: (await desk.user('203.0.113.1')).id,
  response: 'revoke_sessions',
})

describe('all tenants together', () => {
  test.each([
    ['users', { users_floor: 3 }, someone, 'project_users_per_hour', 3],
    [
      'addresses',
      { users_floor: 10, actions_per_hour: 1000, ips_per_10_min: 4 },
      async () => stranger(),
      'project_ips_per_10_min',
      4,
    ],
    ['actions', { users_floor: 10, actions_per_hour: 2 }, async () => stranger(), 'project_actions_per_hour', 2],
  ] as const)('do no more than one alone may: %s', async (_, limits, wish, brake, most) => {
    await setLimits(limits)
    const ends: unknown[] = []
    for (let n = 0; n <= most; n += 1) {
      // Another tenant each time: none of them is near its own limit.
      const plan = await approved(all[n] ?? '', await wish())
      const before = await world(desk)
      ends.push(...(await problemsOf(plan)))
      if (n === most) expect(await world(desk)).toEqual(before)
    }
    expect(ends).toEqual([...Array.from({ length: most }, () => ['done', null]), ['refused', brake]])
    // Nobody's circuit is open because of it, people are told, and an hour later there is room again.
    expect(await desk.rows('select from security.circuits where closed_at is null')).toEqual([])
    expect(await desk.rows(`select from security.response_alerts where what = $1`, [`project:${brake}`])).not.toEqual(
      [],
    )
    await desk.calm()
    expect(await problemsOf(await approved('beta', await wish()))).toEqual([['done', null]])
  })

  test('at the same time: executors of six tenants do not exceed it', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 6; round += 1) {
      await desk.calm()
      await setLimits({ users_floor: 2, actions_per_hour: 1000 })
      const plans = await Promise.all(all.map(async (name) => await approved(name, await someone())))
      const ends = (await Promise.all(plans.map((plan) => problemsOf(plan)))).flat()
      expect(
        ends.filter(([state]) => state === 'done'),
        `round ${round}`,
      ).toHaveLength(2)
      expect(ends.filter(([, problem]) => problem === 'project_users_per_hour')).toHaveLength(4)
    }
  })

  test('what cannot be believed of any tenant stops everybody', async () => {
    const plan = await approved('beta', await someone())
    await desk.rows(`update security.limits set limits = limits || '{"users_per_hour": "many"}' where tenant = 'gamma'`)
    const before = await world(desk)
    expect(await problemsOf(plan)).toEqual([['refused', 'unreadable']])
    expect(await world(desk)).toEqual(before)
  })
})

describe('a tenant whose project it is not', () => {
  test('never acts by itself, whatever its playbooks say, until a person has set * to auto', async () => {
    for (const name of all) await setMode(name, rule, 'auto')
    const home = await proposed(tenant, await someone())
    expect(home['mode']).toBe('auto')
    expect(await problemsOf(String(home['id']))).toEqual([['done', null]])

    const other = await proposed('beta', await someone())
    expect(other['mode']).toBe('approve')
    const before = await world(desk)
    expect(await desk.execute(String(other['id']))).toMatchObject({ state: 'proposed', problem: 'not_approved' })
    expect(await world(desk)).toEqual(before)

    const change = { op: 'playbook', tenant: 'beta', playbook: '*', mode: 'auto', reason: 'it is ours as well' }
    expect((await desk.run('set_response_policy', { change }, machine)).output).toMatchObject({
      problem: 'unknown_key',
    })
    expect((await proposed('beta', await someone()))['mode']).toBe('approve')
    expect((await desk.run('set_response_policy', { change }, ada.kid)).output).toMatchObject({ set: true })
    const trusted = await proposed('beta', await someone())
    expect(trusted['mode']).toBe('auto')
    // Asked once more before it acts: the word was taken back.
    expect(
      (await desk.run('set_response_policy', { change: { ...change, mode: null, reason: 'no' } }, ada.kid)).output,
    ).toMatchObject({ set: true })
    const still = await world(desk)
    expect((await desk.execute(String(trusted['id']))).state).toBe('refused')
    expect(await world(desk)).toEqual(still)
  })

  test('nor does anybody where it is not known whose project it is', async () => {
    await setMode(tenant, rule, 'auto')
    await desk.rows('delete from security.pull_marks')
    expect((await proposed(tenant, await someone()))['mode']).toBe('approve')
    await desk.rows(`insert into security.pull_marks (tenant, marks) values ($1, '{}')`, [tenant])
  })
})

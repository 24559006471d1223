import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addSession, addUser } from '../../../support/auth.ts'
import { until } from '../../../support/index.ts'
import { ada, bob, type Desk, machine, openDesk, rule, tenant, type Wish, world } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
  await desk.setLimits({ users_floor: 10, actions_per_hour: 1000 })
})

let octet = 0
const stranger = (): Wish => {
  octet += 1
  return { kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }
}
async function approved(...wants: readonly Wish[]): Promise<string> {
  const plan = await desk.incident({ wants })
  if (plan === null) throw new Error('no plan was proposed')
  expect(await desk.approve(plan)).toMatchObject({ state: 'approved' })
  return plan
}
const problemsOf = async (plan: string) =>
  (await desk.execute(plan)).actions.filter(({ n }) => n > 1).map(({ state, problem }) => [state, problem])

/** The brake holds: nothing is different, and the audit says why. */
async function holds(plan: string, brake: string): Promise<void> {
  const before = await world(desk)
  const problems = await problemsOf(plan)
  expect(problems.length).toBeGreaterThan(0)
  for (const one of problems) expect(one).toEqual(['refused', brake])
  expect(await world(desk)).toEqual(before)
  expect(await desk.stateOf(plan)).toBe('refused')
  const told = await desk.rows(
    `select distinct entry #>> '{brake,brake}' as brake from security.audit
     where entry ->> 'plan' = $1 and entry ->> 'what' = 'acted' and entry ->> 'outcome' = 'refused'`,
    [plan],
  )
  expect(told).toEqual([{ brake }])
}
const lets = async (plan: string) => {
  for (const one of await problemsOf(plan)) expect(one).toEqual(['done', null])
}
const openCircuits = () => desk.rows('select playbook, brake from security.circuits where closed_at is null')

describe('the blast radius', () => {
  test('no more users in an hour than the share of the active ones', async () => {
    const users: string[] = []
    for (let n = 0; n < 4; n += 1) users.push((await desk.user('203.0.113.1')).id)
    // 0.5 % of these few is nobody: the floor alone lets one through.
    await desk.setLimits({ users_floor: 1 })
    await lets(await approved({ kind: 'user', id: users[0] ?? '', response: 'revoke_sessions' }))
    // The same user again is nobody new.
    await lets(
      await approved({ kind: 'user', id: users[0] ?? '', response: 'lock_user', rule: 'success_after_attack' }),
    )
    await holds(await approved({ kind: 'user', id: users[1] ?? '', response: 'revoke_sessions' }), 'users_per_hour')
    expect(await openCircuits()).toEqual([{ playbook: '*', brake: 'users_per_hour' }])
    // From now on nothing is done, whatever it is about, until a person says so.
    const other = await approved(stranger())
    await holds(other, 'circuit')
    const [circuit] = await desk.rows('select id from security.circuits where closed_at is null')
    const change = { op: 'close_circuit', tenant, id: Number(circuit?.['id']), reason: 'it was a drill' }
    expect((await desk.run('set_response_policy', { change }, machine)).output).toMatchObject({
      problem: 'unknown_key',
    })
    expect(await openCircuits()).toHaveLength(1)
    expect((await desk.run('set_response_policy', { change }, ada.kid)).output).toMatchObject({ set: true })
    await lets(await approved(stranger()))
    // An hour later there is room again.
    await desk.calm()
    await lets(await approved({ kind: 'user', id: users[2] ?? '', response: 'revoke_sessions' }))
  })

  test('the share grows with the active users, up to a number that no share exceeds', async () => {
    await desk.rows(`insert into auth.users (id) select gen_random_uuid() from generate_series(1, 1000)`)
    await desk.rows(
      `insert into auth.sessions (id, user_id, created_at) select gen_random_uuid(), id, now() from auth.users`,
    )
    const ids = (await desk.rows(`select id from auth.users where email is null order by id limit 12`)).map(({ id }) =>
      String(id),
    )
    const lockOf = (id: string | undefined): Wish => ({ kind: 'user', id: id ?? '', response: 'revoke_sessions' })
    await desk.setLimits({ users_floor: 0 })
    // 1000 and some: five of them.
    const results = (await desk.execute(await approved(...ids.slice(0, 6).map(lockOf)))).actions.slice(1)
    expect(results.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done', 'done', 'refused'])
    await desk.calm()
    await desk.setLimits({ users_floor: 0, users_per_hour: 2 })
    const fewer = (await desk.execute(await approved(...ids.slice(6, 9).map(lockOf)))).actions.slice(1)
    expect(fewer.map(({ state }) => state)).toEqual(['done', 'done', 'refused'])
    // Users who were not active for a month are not counted as active.
    await desk.calm()
    await desk.rows(`update auth.sessions set created_at = now() - interval '40 days', updated_at = null`)
    await desk.setLimits({ users_floor: 0 })
    await holds(await approved(lockOf(ids[10])), 'users_per_hour')
  })

  test('the users behind an address count as well', async () => {
    for (let n = 0; n < 3; n += 1) await desk.user('203.0.113.50')
    await desk.setLimits({ users_floor: 2 })
    await holds(await approved({ kind: 'ip', id: '203.0.113.50', response: 'block_ip' }), 'users_per_hour')
    await desk.calm()
    await desk.setLimits({ users_floor: 3 })
    await lets(await approved({ kind: 'ip', id: '203.0.113.50', response: 'block_ip' }))
  })

  test('no more addresses in ten minutes than allowed, over several plans', async () => {
    await desk.setLimits({ ips_per_10_min: 3 })
    await lets(await approved(stranger(), stranger()))
    const plan = await approved(stranger(), stranger())
    expect(await problemsOf(plan)).toEqual([
      ['done', null],
      ['refused', 'ips_per_10_min'],
    ])
    expect(await desk.stateOf(plan)).toBe('failed')
    expect(await openCircuits()).toEqual([{ playbook: '*', brake: 'ips_per_10_min' }])
  })

  test('no more actions of one playbook in an hour; others are not stopped by it', async () => {
    await desk.setLimits({ actions_per_hour: 2 })
    await desk.setMode('other_rule', 'approve')
    await lets(await approved(stranger(), stranger()))
    await holds(await approved(stranger()), 'actions_per_hour')
    expect(await openCircuits()).toEqual([{ playbook: rule, brake: 'actions_per_hour' }])
    await holds(await approved(stranger()), 'circuit')
    await lets(await approved({ ...stranger(), rule: 'other_rule' }))
  })

  test('what was taken back counts all the same', async () => {
    await desk.setLimits({ ips_per_10_min: 1 })
    const plan = await approved(stranger())
    await lets(plan)
    await desk.revert(plan)
    await holds(await approved(stranger()), 'ips_per_10_min')
  })

  test('two executors with two plans stay below the limit together', async () => {
    await desk.setLimits({ ips_per_10_min: 1 })
    const plans = [await approved(stranger()), await approved(stranger())]
    const people = JSON.stringify([ada, bob])
    const clients = [new pg.Client(desk.database.url), new pg.Client(desk.database.url)] as const
    const act = async (n: 0 | 1) => {
      const sql = `select security.act($1, 2, $2, '{}') ->> 'problem' as problem`
      return (await clients[n].query(sql, [plans[n], people])).rows[0].problem
    }
    try {
      for (const client of clients) await client.connect()
      for (const plan of plans) await desk.rows(`select security.begin_plan($1, $2, '{}')`, [plan, people])
      // The first has acted and has not committed yet: the second can know nothing of it, and so has to wait.
      await clients[0].query('begin')
      expect(await act(0)).toBeNull()
      const second = act(1)
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`
      await until(async () => (await desk.rows(waiting)).length > 0, { what: 'the second executor to wait' })
      await clients[0].query('commit')
      expect(await second).toBe('ips_per_10_min')
    } finally {
      for (const client of clients) await client.end()
    }
  })
})

describe('ranges', () => {
  const propose = async (id: string, approve: boolean) => {
    const actions = [{ do: 'block_range', target: { kind: 'net', id } }]
    const { output } = await desk.run(
      'propose_plan',
      { tenant, title: 'a range', reason: 'it is theirs', actions },
      bob.kid,
    )
    const { plan } = output as { readonly plan: string }
    if (approve) await desk.approve(plan)
    return plan
  }

  test.each(['198.18.0.0/23', '2001:db8::/47'])('%s is too wide without a person', async (id) => {
    await desk.setMode(rule, 'auto')
    const plan = (await desk.incident({ wants: [{ kind: 'net', id, response: 'block_range' }] })) ?? ''
    await holds(plan, 'range')
    await desk.calm()
    await lets(await propose(id, true))
  })

  test.each(['198.51.100.0/24', '2001:db8:1::/48'])('%s is not', async (id) => {
    await desk.setMode(rule, 'auto')
    await lets((await desk.incident({ wants: [{ kind: 'net', id, response: 'block_range' }] })) ?? '')
  })

  test.each(['198.0.0.0/15', '2001::/31'])('%s is too wide with one, too', async (id) => {
    await holds(await propose(id, true), 'range')
  })
})

describe('the last administrator', () => {
  test('is not locked out, and neither are all but a banned one', async () => {
    const admin = await addUser(desk.database, { appMetaData: { role: 'admin' } })
    await addSession(desk.database, { userId: admin, ip: '203.0.113.60' })
    const banned = { appMetaData: { roles: ['owner', 'staff'] }, bannedUntil: new Date(Date.now() + 3_600_000) }
    const second = await addUser(desk.database, banned)
    for (const response of ['revoke_sessions', 'lock_user'])
      await holds(await approved({ kind: 'user', id: admin, response }), 'last_admin')
    await desk.rows('update auth.users set banned_until = null where id = $1', [second])
    await lets(await approved({ kind: 'user', id: admin, response: 'lock_user' }))
    // Now the other one is the last.
    await holds(await approved({ kind: 'user', id: second, response: 'lock_user' }), 'last_admin')
  })
})

describe('a shared address', () => {
  test('is slowed down instead, and not blocked even if it became shared after the plan', async () => {
    await desk.setMode(rule, 'auto')
    await desk.setLimits({ users_floor: 10, actions_per_hour: 1000, shared_address_users: 2 })
    const wish: Wish = { kind: 'ip', id: '203.0.113.70', response: 'block_ip' }
    const early = (await desk.incident({ wants: [wish] })) ?? ''
    for (let n = 0; n < 2; n += 1) await desk.user('203.0.113.70')
    await holds(early, 'shared_address')
    await desk.calm()
    const late = (await desk.incident({ wants: [wish] })) ?? ''
    const { actions } = await desk.execute(late)
    expect(actions.map((action) => [action.do, action.state])).toEqual([
      ['notify', 'done'],
      ['throttle', 'done'],
    ])
  })
})

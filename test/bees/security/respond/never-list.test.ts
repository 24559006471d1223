import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addSession, addUser } from '../../../support/auth.ts'
import { ada, bob, type Desk, machine, openDesk, rule, tenant, type Wish, world } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.close())
beforeEach(async () => {
  await desk.calm()
  await desk.setMode(rule, 'approve')
})

const block = (id: string): Wish => ({
  kind: id.includes('/') ? 'net' : 'ip',
  id,
  response: id.includes('/') ? 'block_range' : 'block_ip',
})
const held = async () =>
  desk.rows(
    `select h.value from security.plans, jsonb_array_elements(plan -> 'held') as h order by proposed_at desc limit 1`,
  )
const problems = async (plan: string) => (await desk.execute(plan)).actions.slice(1).map(({ problem }) => problem)

describe('what it comes with', () => {
  test.each([
    ...[
      '127.0.0.1',
      '::1',
      '10.1.2.3',
      '172.20.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.3.2',
      'fd00::1',
      'fe80::1',
    ],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '64:ff9b::a00:1'],
    ...['127.0.0.0/24', '172.16.0.0/12', '192.0.0.0/7', '::/16', '126.0.0.0/7'],
  ])('%s is nobody to block', async (id) => {
    const known = await world(desk)
    expect(await desk.incident({ wants: [block(id)] })).toBeNull()
    const other = await desk.incident({ wants: [block(id), block('192.0.2.1')] })
    expect(await held()).toMatchObject([{ value: { because: 'never_list' } }])
    await desk.rows('update security.plans set expires_at = now() where id = $1', [other])
    expect(await world(desk)).toEqual(known)
  })
})

describe('what people add', () => {
  const add = async (kind: string, value: string, over: object = {}) => {
    const change = { op: 'never_add', tenant, kind, value, class: 'load_balancer', reason: 'ours', ...over }
    const { output } = await desk.run('set_response_policy', { change }, ada.kid)
    return output as { readonly set: boolean; readonly problem: string | null; readonly id: string | null }
  }
  const remove = (id: string | null) =>
    desk.run(
      'set_response_policy',
      { change: { op: 'never_remove', tenant, id: Number(id), reason: 'no longer' } },
      bob.kid,
    )

  test('a user in whatever notation keeps the address of a session as well; what names nobody is refused', async () => {
    const { id: guarded } = await desk.user('203.0.113.140')
    for (const value of ['root@users.example', 'root', `${guarded}0`]) {
      expect(await add('user', value, { class: 'break_glass' })).toMatchObject({ set: false, id: null })
    }
    expect(await add('user', ` ${guarded.toUpperCase()} `, { class: 'break_glass' })).toMatchObject({ set: true })
    expect(await desk.incident({ wants: [{ kind: 'user', id: guarded, response: 'lock_user' }] })).toBeNull()
    const before = await world(desk)
    for (const id of ['203.0.113.140', '203.0.113.128/28']) {
      const plan = (await desk.incident({ wants: [block(id)] })) ?? ''
      await desk.approve(plan)
      expect(await problems(plan)).toEqual(['never_list'])
    }
    expect(await world(desk)).toEqual(before)
  })

  test('holds at the decision and at the action, and lets go when it is taken away or has expired', async () => {
    const wish = block('198.51.100.20')
    const early = (await desk.incident({ wants: [wish] })) ?? ''
    const approved = (await desk.incident({ wants: [block('198.51.100.21')] })) ?? ''
    await desk.approve(approved)
    const before = await world(desk)
    const { id } = await add('net', '198.51.100.16/28')
    // Proposed before: cannot be approved any more. Approved before: is not carried out.
    expect(await desk.approve(early)).toMatchObject({ decided: 'refused', problem: 'never_list' })
    expect(await problems(approved)).toEqual(['never_list'])
    expect(await desk.incident({ wants: [block('198.51.100.22')] })).toBeNull()
    expect(await desk.incident({ wants: [block('198.51.100.0/24')] })).toBeNull()
    expect(await world(desk)).toEqual(before)
    await remove(id)
    const free = (await desk.incident({ wants: [block('198.51.100.22')] })) ?? ''
    await desk.approve(free)
    expect(await problems(free)).toEqual([null])
    const soon = new Date(Date.now() + 60_000).toISOString()
    const passing = await add('net', '198.51.100.30', { expires_at: soon })
    expect(await desk.incident({ wants: [block('198.51.100.30')] })).toBeNull()
    await desk.rows(`update security.never_list set expires_at = now() - interval '1 second' where id = $1`, [
      passing.id,
    ])
    expect(await desk.incident({ wants: [block('198.51.100.30')] })).not.toBeNull()
  })

  test('a break-glass user and his sessions', async () => {
    const { id, sessions } = await desk.user('203.0.113.80')
    const early =
      (await desk.incident({ wants: [{ kind: 'session', id: sessions[0] ?? '', response: 'revoke_session' }] })) ?? ''
    await desk.approve(early)
    await add('user', id.toUpperCase(), { class: 'break_glass' })
    expect(await problems(early)).toEqual(['never_list'])
    for (const response of ['revoke_sessions', 'lock_user', 'challenge'])
      expect(await desk.incident({ wants: [{ kind: 'user', id, response }] })).toBeNull()
    expect(await desk.rows('select from auth.sessions where user_id = $1', [id])).toHaveLength(1)
  })

  test('is not edited by a machine, not for another tenant, and not what it came with', async () => {
    const [builtin] = await desk.rows(`select id from security.never_list where author = 'colony-bees' limit 1`)
    const count = async () => (await desk.rows('select from security.never_list')).length
    const before = await count()
    expect((await remove(String(builtin?.['id']))).output).toMatchObject({ set: false, problem: 'unknown_entry' })
    const change = { op: 'never_add', tenant, kind: 'net', value: '0.0.0.0/0', class: 'cdn', reason: 'x' }
    expect((await desk.run('set_response_policy', { change }, machine)).output).toMatchObject({
      problem: 'unknown_key',
    })
    expect((await desk.run('set_response_policy', { change })).output).toMatchObject({ problem: 'unknown_key' })
    expect(await add('net', 'example.com')).toMatchObject({ set: false })
    expect(await count()).toBe(before)
  })
})

describe('the people who decide', () => {
  test('are never hit by what they decide: neither they nor where they come from', async () => {
    const own = await addUser(desk.database)
    await addSession(desk.database, { userId: own, ip: '203.0.113.90' })
    const people = JSON.stringify([{ name: 'ada', x: ada.x, user: own }])
    const targets: readonly Wish[] = [
      { kind: 'user', id: own, response: 'lock_user' },
      block('203.0.113.90'),
      block('203.0.113.0/24'),
      block('203.0.113.91'),
    ]
    const before = await world(desk)
    for (const wish of targets) {
      const plan = (await desk.incident({ wants: [wish] })) ?? ''
      const input = {
        plan,
        digest: await desk.digest(plan),
        decision: 'approve',
        reason: 'ok',
        from_ip: '203.0.113.91',
      }
      await desk.run('decide_plan', input, ada.kid)
      const { actions } = await desk.execute(plan, { approvers: people })
      for (const { problem } of actions.slice(1)) expect(problem).toBe('never_list')
    }
    expect(await world(desk)).toEqual(before)
  })

  test('nor is the address from which a person proposed it', async () => {
    const actions = [{ do: 'block_ip', target: { kind: 'ip', id: '198.51.100.99' } }]
    const wish = { tenant, title: 't', reason: 'r', actions, from_ip: '198.51.100.99' }
    const { output } = await desk.run('propose_plan', wish, bob.kid)
    const { plan } = output as { readonly plan: string }
    await desk.approve(plan)
    expect(await problems(plan)).toEqual(['never_list'])
  })
})

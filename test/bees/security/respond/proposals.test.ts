import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../../../src/canonical.ts'
import { bob, changeOf, type Desk, machine, newIncident, openDesk, rule, tenant, type Wish } from './desk.ts'

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
const plans = async (incident: string) =>
  desk.rows('select id, state, note from security.plans where incident = $1 order by proposed_at, id', [incident])
const carryOut = async (plan: string | null) => {
  await desk.approve(plan ?? '')
  return await desk.execute(plan ?? '')
}

describe('a plan', () => {
  test('says everything that a person decides about, under a digest that anybody can compute', async () => {
    const { id } = await desk.user('203.0.113.1', '203.0.113.2')
    const plan = await desk.incident({ wants: [{ kind: 'user', id, response: 'lock_user' }, stranger()] })
    const document = await documentOf(plan)
    expect(document).toMatchObject({
      ...{ v: 1, id: plan, tenant, mode: 'approve', severity: 'critical', confidence: 'high', playbook: rule },
      ...{ title: 'A sign-in after an attack', reason: 'Thirty failures, then a success.', rules: { [rule]: 3 } },
      ...{ evidence: ['finding-0', 'finding-1'], proposer: { kind: 'machine' }, approvals: 1 },
      radius: { users: 1, sessions: 4, addresses: 1 },
    })
    expect(document.actions.map(({ do: rung }) => rung)).toEqual(['notify', 'revoke_sessions', 'lock_user', 'block_ip'])
    expect(document.actions[1]).toMatchObject({
      ...{ target: { kind: 'user', id }, duration_s: 3720, inverse: 'restore_sessions', why: rule },
      expected: { users: 1, sessions: 2 },
    })
    expect(await desk.digest(plan ?? '')).toBe(digestOf(document))
  })

  test('has a digest that agrees with ours whatever stands in it', async () => {
    const strange = {
      b: 'ä"\\\u0001\u001f\u007f\n\t😀',
      a: [1, 1.5, 1e3, -0.25, true, null, {}],
      Z: '',
      'a b': { x: [] },
    }
    const row = await desk.one('select security.digest($1) as digest', [JSON.stringify(strange)])
    expect(row['digest']).toBe(digestOf(strange))
  })

  test('is stored once however often the change is told', async () => {
    const change = changeOf({ wants: [stranger()] })
    for (let n = 0; n < 3; n += 1)
      await desk.rows('select security.propose_plans($1, $2, now())', [tenant, JSON.stringify([change, change])])
    expect(await plans((change as { incident: string }).incident)).toHaveLength(1)
  })

  test('is not made for what is quiet, closed, or asks for nothing', async () => {
    expect(await desk.incident({ wants: [stranger()], quiet: true })).toBeNull()
    expect(await desk.incident({ wants: [stranger()], change: 'closed' })).toBeNull()
    expect(await desk.incident({ wants: [stranger({ response: 'notify' })] })).toBeNull()
    expect(await desk.incident({ wants: [] })).toBeNull()
  })

  test('leaves out what has no target in this database', async () => {
    const ghost = '00000000-0000-4000-8000-000000000000'
    expect(await desk.incident({ wants: [{ kind: 'user', id: ghost, response: 'lock_user' }] })).toBeNull()
    for (const [kind, id, response] of [
      ['ip', 'hash:3f2a', 'block_ip'],
      ['ip', '1.2.3', 'block_ip'],
      ['user', "x' or true --", 'lock_user'],
      ['account', 'a pseudonym', 'lock_user'],
    ] as const)
      expect(await desk.incident({ wants: [{ kind, id, response }] })).toBeNull()
  })

  test('finds its targets among what is related where the rung does not fit the entity', async () => {
    const [one, two] = [await desk.user('203.0.113.3'), await desk.user('203.0.113.4')]
    const related = [
      { kind: 'account', id: one.id },
      { kind: 'device', id: 'abc' },
      { kind: 'user', id: two.id.toUpperCase() },
      { kind: 'user', id: two.id },
    ]
    const plan = await desk.incident({
      wants: [{ kind: 'ip', id: '192.0.2.250', response: 'revoke_sessions' }],
      related,
    })
    const { actions } = await documentOf(plan)
    expect(
      actions
        .map(({ do: rung, target }) => [rung, target.id])
        .slice(1)
        .sort(),
    ).toEqual(
      [
        ['revoke_sessions', one.id],
        ['revoke_sessions', two.id],
      ].sort(),
    )
  })

  test('an address in another notation is the same address', async () => {
    const plan = await desk.incident({
      wants: [stranger({ id: '::ffff:198.18.2.77' }), stranger({ id: '198.18.2.77' })],
    })
    expect((await documentOf(plan)).actions.map(({ target }) => target.id).slice(1)).toEqual(['198.18.2.77'])
    const mapped = await desk.incident({ wants: [stranger({ id: '::FFFF:c612:24e' })] })
    expect((await documentOf(mapped)).actions[1]?.target.id).toBe('198.18.2.78')
  })

  test('has at most 40 actions, however many are asked for', async () => {
    const wants = Array.from({ length: 50 }, (_, index) => stranger({ id: `198.51.100.${index}` }))
    expect((await documentOf(await desk.incident({ wants }))).actions).toHaveLength(40)
  })
})

describe('an incident that gets worse', () => {
  test('gets a new plan, which takes the waiting one in', async () => {
    const incident = newIncident()
    const { id } = await desk.user('203.0.113.5')
    const ip = stranger({ severity: 'high' })
    const first = await desk.incident({ incident, wants: [ip], severity: 'high' })
    const lock: Wish = { kind: 'user', id, response: 'lock_user' }
    const second = await desk.incident({ incident, change: 'raised', wants: [lock] })
    expect(await plans(incident)).toEqual([
      { id: first, state: 'expired', note: `superseded by ${second}` },
      { id: second, state: 'proposed', note: null },
    ])
    const { actions } = await documentOf(second)
    expect(actions.map(({ do: rung }) => rung)).toEqual(['notify', 'revoke_sessions', 'lock_user', 'block_ip'])
    expect(await desk.approve(first ?? '')).toMatchObject({ decided: 'refused', problem: 'state' })
    expect(await carryOut(second)).toMatchObject({ state: 'done' })
  })

  test('and goes on gets a plan for what is new, and for nothing else', async () => {
    const incident = newIncident()
    const [one, two] = [stranger(), stranger()]
    const first = await desk.incident({ incident, wants: [one] })
    expect(await desk.incident({ incident, change: 'continued', wants: [one] })).toBeNull()
    await carryOut(first)
    const third = await desk.incident({ incident, change: 'continued', wants: [one, two] })
    const document = await documentOf(third)
    expect(document.actions.map(({ target }) => target.id).slice(1)).toEqual([two.id])
    expect(document.held).toMatchObject([{ because: 'in_force' }])
  })
})

describe('how long', () => {
  test('twice as long each time, up to a day; by decisions, not by what happens meanwhile', async () => {
    const wish = stranger()
    const over = () =>
      desk.rows(`update security.restrictions set until = now() - interval '1 second' where target = $1`, [wish.id])
    const durations: number[] = []
    for (let round = 0; round < 9; round += 1) {
      await desk.calm()
      const plan = await desk.incident({ wants: [wish] })
      durations.push((await documentOf(plan)).actions[1]?.duration_s ?? 0)
      await carryOut(plan)
      const [before] = await desk.rows('select until from security.restrictions where target = $1', [wish.id])
      // Whatever is seen of the attacker while he is blocked makes nothing longer.
      for (let n = 0; n < 5; n += 1) expect(await desk.incident({ wants: [wish] })).toBeNull()
      expect(await desk.rows('select until from security.restrictions where target = $1', [wish.id])).toEqual([before])
      await over()
      await desk.run('expire_responses', {}, machine)
    }
    expect(durations).toEqual([900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400])
    // A week later it begins anew.
    await desk.rows(`update security.plan_actions set acted_at = acted_at - interval '8 days' where target = $1`, [
      wish.id,
    ])
    const later = await documentOf(await desk.incident({ wants: [wish] }))
    expect(later.actions[1]?.duration_s).toBe(900)
  })

  test('for ever only by two people', async () => {
    const actions = [{ do: 'block_ip', target: { kind: 'ip', id: '198.51.100.66' }, duration_s: null }]
    const { output } = await desk.run('propose_plan', { tenant, title: 't', reason: 'r', actions }, bob.kid)
    const { plan } = output as { readonly plan: string }
    await carryOut(plan)
    const sql = `select until > now() + interval '99 years' as long from security.restrictions where plan = $1`
    expect(await desk.one(sql, [plan])).toEqual({ long: true })
  })

  test.each([
    ['actions,1,duration_s', 'null'],
    ['severity', '"high"'],
    ['confidence', '"medium"'],
    ['actions,1,reversible', 'false'],
    ['proposer,kind', '"person"'],
  ])('a plan that should have asked is not carried out by itself (%s: %s)', async (path, value) => {
    await desk.setMode(rule, 'auto')
    const auto = (await desk.incident({ wants: [stranger()] })) ?? ''
    // Somebody has written it so, digest, audit and all.
    const change = `jsonb_set(plan, '{${path}}', '${value}')`
    await desk.rows(`update security.plans set plan = ${change}, digest = security.digest(${change}) where id = $1`, [
      auto,
    ])
    await desk.force(
      `update security.audit set entry = jsonb_set(entry, '{digest}', (select to_jsonb(digest) from security.plans where id = $1))
       where entry ->> 'plan' = $1 and entry ->> 'what' = 'proposed'`,
      [auto],
    )
    expect(await desk.execute(auto)).toMatchObject({ state: 'refused', problem: 'not_auto' })
  })
})

describe('a person', () => {
  const wish = (actions: readonly object[], over: object = {}) => ({
    ...{ tenant, title: 'ours', reason: 'because', actions: JSON.parse(JSON.stringify(actions)), ...over },
  })

  test('who is on no list proposes nothing', async () => {
    const actions = [{ do: 'block_ip', target: { kind: 'ip', id: '198.51.100.10' } }]
    for (const by of [null, machine])
      expect((await desk.run('propose_plan', wish(actions), by)).output).toMatchObject({
        plan: null,
        problem: 'unknown_key',
      })
    expect(
      await desk.rows(`select from security.plans where cause like 'person:%' and plan::text like '%100.10%'`),
    ).toEqual([])
  })

  test('cannot make a plan of what does not fit or name nobody', async () => {
    for (const action of [
      { do: 'lock_user', target: { kind: 'ip', id: '198.51.100.10' } },
      { do: 'lock_user', target: { kind: 'user', id: 'root' } },
      { do: 'block_ip', target: { kind: 'ip', id: '300.1.1.1' } },
    ])
      expect((await desk.run('propose_plan', wish([action]), bob.kid)).output).toMatchObject({
        plan: null,
        problem: 'target',
      })
    await expect(desk.run('propose_plan', wish([], {}), bob.kid)).rejects.toMatchObject({ code: 'BEE_INPUT_INVALID' })
    const auto = wish([{ do: 'block_ip', target: { kind: 'ip', id: '198.51.100.10' } }], { mode: 'auto' })
    await expect(desk.run('propose_plan', auto, bob.kid)).rejects.toMatchObject({ code: 'BEE_INPUT_INVALID' })
  })
})

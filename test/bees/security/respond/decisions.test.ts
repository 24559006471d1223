import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ada, bob, type Desk, eve, machine, openDesk, rule, tenant, world } from './desk.ts'

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
const proposed = async (): Promise<string> => {
  octet += 1
  const plan = await desk.incident({ wants: [{ kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }] })
  if (plan === null) throw new Error('no plan was proposed')
  return plan
}
const decide = async (plan: string, by: string | null, over: object = {}, approvers?: string) => {
  const input = { plan, digest: await desk.digest(plan), decision: 'approve', reason: 'seen', ...over }
  const { output } = await desk.run('decide_plan', input, by, approvers === undefined ? {} : { approvers })
  return output as Record<string, unknown>
}
const refusals = async (plan: string) =>
  (
    await desk.rows(
      `select entry ->> 'problem' as problem from security.audit
       where entry ->> 'plan' = $1 and entry ->> 'what' = 'decision_refused' order by seq`,
      [plan],
    )
  ).map(({ problem }) => problem)

/** Nothing came of it: the plan is not carried out, by nobody. */
async function isNotCarriedOut(plan: string): Promise<void> {
  const before = await world(desk)
  await desk.execute(plan)
  await desk.run('respond_threat', { operation: 'execute' }, machine)
  expect(await world(desk)).toEqual(before)
  expect(await desk.rows(`select from security.plan_actions where plan = $1 and state = 'done'`, [plan])).toEqual([])
}

describe('a decision', () => {
  test('is stored with who, why and what was seen', async () => {
    const plan = await proposed()
    const process = randomBytes(32).toString('hex')
    const input = { plan, digest: await desk.digest(plan), decision: 'approve', reason: 'a known attacker' }
    const { output } = await desk.run('decide_plan', input, ada.kid, { process })
    expect(output).toMatchObject({ decided: 'approved', state: 'approved', approvals: 1 })
    expect(await desk.one('select * from security.approvals where plan = $1', [plan])).toMatchObject({
      ...{ kid: ada.kid, name: 'ada', reason: 'a known attacker', decision: 'approve', process },
      digest: await desk.digest(plan),
    })
    // The same process again is the same decision.
    await desk.run('decide_plan', input, ada.kid, { process })
    expect(await desk.rows('select from security.approvals where plan = $1', [plan])).toHaveLength(1)
    expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
  })

  test.each([
    ['the machine without a key', null, 'machine'],
    ['the hive itself', machine, 'unknown_key'],
    ['a key on no list', eve.kid, 'unknown_key'],
  ])('of %s does not count', async (_who, by, problem) => {
    const plan = await proposed()
    expect(await decide(plan, by)).toMatchObject({ decided: 'refused', problem, state: 'proposed' })
    expect(await refusals(plan)).toEqual([problem])
    await isNotCarriedOut(plan)
  })

  test('of a stale digest does not count, nor of one made up', async () => {
    const plan = await proposed()
    for (const digest of ['0'.repeat(64), await desk.digest(await proposed())])
      expect(await decide(plan, ada.kid, { digest })).toMatchObject({ decided: 'refused', problem: 'stale_digest' })
    await isNotCarriedOut(plan)
  })

  test('of whoever proposed it does not count, by none of his keys', async () => {
    const second = { name: 'bob', x: eve.x }
    const people = JSON.stringify([{ name: 'ada', x: ada.x }, { name: 'bob', x: bob.x }, second])
    const actions = [{ do: 'block_ip', target: { kind: 'ip', id: '192.0.2.200' } }]
    const wish = { tenant, title: 'an old acquaintance', reason: 'he is back', actions }
    const { output } = await desk.run('propose_plan', wish, bob.kid)
    const plan = String((output as Record<string, unknown>)['plan'])
    for (const by of [bob.kid, eve.kid])
      expect(await decide(plan, by, {}, people)).toMatchObject({ decided: 'refused', problem: 'proposer' })
    const renamed = JSON.stringify([{ name: 'robert', x: bob.x }])
    expect(await decide(plan, bob.kid, {}, renamed)).toMatchObject({ decided: 'refused', problem: 'proposer' })
    await isNotCarriedOut(plan)
    expect(await decide(plan, ada.kid)).toMatchObject({ decided: 'approved' })
    expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
  })

  test('is over after 30 minutes', async () => {
    for (const sweepFirst of [false, true]) {
      const plan = await proposed()
      await desk.approve(plan)
      await desk.force(
        `update security.approvals set decided_at = decided_at - interval '31 minutes' where plan = $1`,
        [plan],
      )
      if (sweepFirst) {
        await desk.rows(
          `update security.plans set approved_until = approved_until - interval '31 minutes' where id = $1`,
          [plan],
        )
        await desk.run('expire_responses', {}, machine)
      }
      await isNotCarriedOut(plan)
      expect(await desk.one('select state, note from security.plans where id = $1', [plan])).toEqual({
        ...{ state: 'expired', note: 'approval_expired' },
      })
      expect(await decide(plan, ada.kid)).toMatchObject({ decided: 'refused', problem: 'state' })
    }
  })

  test('counts only while its author is on the list', async () => {
    const plan = await proposed()
    await desk.approve(plan, bob)
    const before = await world(desk)
    const onlyAda = JSON.stringify([{ name: 'ada', x: ada.x }])
    expect(await desk.execute(plan, { approvers: onlyAda })).toMatchObject({ state: 'expired' })
    expect(await world(desk)).toEqual(before)
  })

  test('to reject ends the plan', async () => {
    const plan = await proposed()
    await desk.approve(plan, bob)
    expect(await decide(plan, ada.kid, { decision: 'reject' })).toMatchObject({ decided: 'rejected', state: 'refused' })
    expect(await decide(plan, bob.kid)).toMatchObject({ decided: 'refused', problem: 'state' })
    await isNotCarriedOut(plan)
  })

  test('of two people is needed where the playbook says so; one of them twice is one', async () => {
    const change = { op: 'playbook', tenant, reason: 'four eyes', playbook: rule, mode: 'approve', approvals: 2 }
    await desk.run('set_response_policy', { change }, ada.kid)
    const plan = await proposed()
    expect(await decide(plan, ada.kid)).toMatchObject({ decided: 'noted', state: 'proposed', approvals: 1 })
    expect(await decide(plan, ada.kid)).toMatchObject({ decided: 'noted', state: 'proposed', approvals: 1 })
    await isNotCarriedOut(plan)
    expect(await decide(plan, bob.kid)).toMatchObject({ decided: 'approved', approvals: 2 })
    expect(await desk.execute(plan)).toMatchObject({ state: 'done' })
    await desk.rows('update security.playbooks set approvals = 1')
  })

  test('about a plan that expired, that is none, that needs none', async () => {
    const plan = await proposed()
    await desk.rows(`update security.plans set expires_at = now() where id = $1`, [plan])
    expect(await decide(plan, ada.kid)).toMatchObject({ decided: 'refused', problem: 'expired' })
    await isNotCarriedOut(plan)
    const input = { plan: `pln_${'0'.repeat(24)}`, digest: '0'.repeat(64), decision: 'approve', reason: 'why not' }
    expect((await desk.run('decide_plan', input, ada.kid)).output).toMatchObject({
      problem: 'unknown_plan',
      state: null,
    })
    await desk.setMode(rule, 'dry_run')
    expect(await decide(await proposed(), ada.kid)).toMatchObject({ decided: 'refused', problem: 'mode' })
  })
})

test('a plan of yesterday is not carried out, approved or not', async () => {
  for (const mode of ['approve', 'auto']) {
    await desk.setMode(rule, mode)
    const plan = await proposed()
    if (mode === 'approve') await desk.approve(plan)
    await desk.rows('update security.plans set expires_at = now() where id = $1', [plan])
    await isNotCarriedOut(plan)
    expect(await desk.stateOf(plan)).toBe('expired')
  }
})

describe('an altered plan', () => {
  const victim = '198.51.100.77'
  const alter = `jsonb_set(plan, '{actions,1,target,id}', to_jsonb('${victim}'::text))`
  const blocked = () => desk.rows('select from security.restrictions where target = $1', [victim])
  const alterations = {
    'the document': `update security.plans set plan = ${alter} where id = $1`,
    'document and digest': `update security.plans set plan = ${alter}, digest = security.digest(${alter}) where id = $1`,
    'the mode': `update security.plans set plan = jsonb_set(plan, '{mode}', '"auto"'), digest = security.digest(jsonb_set(plan, '{mode}', '"auto"')) where id = $1`,
    'the tenant': `update security.plans set tenant = 'other' where id = $1`,
  }

  test.each(Object.entries(alterations))('(%s) is refused before and after its approval', async (_what, sql) => {
    const early = await proposed()
    await desk.rows(sql, [early])
    expect(await decide(early, ada.kid)).toMatchObject({ decided: 'refused', state: 'refused' })
    const late = await proposed()
    await desk.approve(late)
    await desk.rows(sql, [late])
    await isNotCarriedOut(late)
    expect(await desk.stateOf(late)).toBe('refused')
    expect(await blocked()).toEqual([])
  })

  const longer = `jsonb_set(plan, '{actions,1,duration_s}', '86400')`
  test.each([
    ['another target', alterations['document and digest'], 'altered'],
    [
      'a longer time',
      `update security.plans set plan = ${longer}, digest = security.digest(${longer}) where id = $1`,
      'altered',
    ],
    [
      'an approval of yesterday',
      `update security.approvals set decided_at = decided_at - interval '31 minutes' where plan = $1`,
      'approval_expired',
    ],
  ])('(%s) is not carried on in the middle', async (_what, sql, problem) => {
    const plan = await proposed()
    await desk.approve(plan)
    await expect(desk.execute(plan, { diesAfter: 2 })).rejects.toThrow('killed')
    const before = await world(desk)
    await desk.force(sql, [plan])
    expect(await desk.execute(plan)).toMatchObject({ state: 'refused', actions: [{ state: 'done' }, { problem }] })
    expect(await world(desk)).toEqual(before)
  })

  test('cannot borrow the approval of another one', async () => {
    const [good, bad] = [await proposed(), await proposed()]
    await desk.approve(good)
    await desk.force(`insert into security.approvals (plan, digest, decision, kid, name, reason, process)
      select '${bad}', digest, decision, kid, name, reason, process from security.approvals where plan = '${good}'`)
    const approved = `update security.plans set state = 'approved', approved_until = now() + interval '1 hour' where id = $1`
    await desk.rows(approved, [bad])
    expect(await desk.execute(bad)).toMatchObject({ state: 'expired', problem: 'approval_expired' })
    expect(await desk.rows('select from security.restrictions where plan = $1', [bad])).toEqual([])
    expect(await desk.execute(good)).toMatchObject({ state: 'done' })
  })

  test('is not approved by its proposer behind the back of the decision', async () => {
    const actions = [{ do: 'block_ip', target: { kind: 'ip', id: '198.51.100.201' } }]
    const { output } = await desk.run('propose_plan', { tenant, title: 't', reason: 'r', actions }, bob.kid)
    const plan = String((output as Record<string, unknown>)['plan'])
    for (const { kid, name } of [bob, { kid: bob.kid, name: 'ada' }, { kid: ada.kid, name: 'bob' }]) {
      await desk.rows(
        `insert into security.approvals (plan, digest, decision, kid, name, reason, process)
         select id, digest, 'approve', $2, $3, 'mine', 'x' from security.plans where id = $1`,
        [plan, kid, name],
      )
    }
    await isNotCarriedOut(plan)
  })

  test('an action row that names somebody else is refused', async () => {
    const plan = await proposed()
    await desk.approve(plan)
    await desk.rows('update security.plan_actions set target = $2 where plan = $1 and n = 2', [plan, victim])
    expect(await desk.execute(plan)).toMatchObject({ state: 'refused' })
    expect(await blocked()).toEqual([])
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { incidentChange } from '../../../../bees/security/analysis/incident.ts'
import { readApprovers } from '../../../../bees/security/respond/index.ts'
import { generateSeed, SigningKey } from '../../../../src/trust/index.ts'
import { ada, bob, changeOf, type Desk, eve, machine, openDesk, rule, tenant } from './desk.ts'

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
const proposed = async () => {
  octet += 1
  return (await desk.incident({ wants: [{ kind: 'ip', id: `192.0.2.${octet}`, response: 'block_ip' }] })) ?? ''
}
const set = async (change: object, by: string | null = ada.kid) =>
  (await desk.run('set_response_policy', { change: JSON.parse(JSON.stringify(change)) }, by)).output
const alerts = () =>
  desk.rows(`select status, body ->> 'title' as title from security.alerts order by noted_at, incident`)

describe('limits', () => {
  const change = (limits: object) => ({ op: 'limits', tenant, reason: 'ours', limits })

  test('are set by a person, as far as they are named', async () => {
    expect(await set(change({ users_per_hour: 7 }))).toEqual({ set: true, problem: null, id: null })
    const { limits } = await desk.one('select limits from security.limits where tenant = $1', [tenant])
    expect(limits).toMatchObject({ users_per_hour: 7, users_share: 0.005 })
  })

  test.each([
    [{ users_per_hour: 1_000_000 }, 'users_per_hour'],
    [{ widest_v4: 8 }, 'widest_v4'],
    [{ block_start_s: 7200, block_cap_s: 3600 }, 'block_start_s'],
    [{ jwt_lifetime_s: 1 }, 'jwt_lifetime_s'],
  ])('%j is beyond reason', async (limits, name) => {
    const before = await desk.rows('select limits from security.limits order by tenant')
    expect(await set(change(limits))).toMatchObject({ set: false, problem: expect.stringContaining(name) })
    expect(await desk.rows('select limits from security.limits order by tenant')).toEqual(before)
  })

  test('are not for machines and strangers', async () => {
    for (const by of [null, machine, eve.kid])
      expect(await set(change({ users_per_hour: 9 }), by)).toMatchObject({ set: false, problem: 'unknown_key' })
    for (const by of [null, machine, eve.kid])
      expect(await set({ op: 'playbook', tenant, reason: 'x', playbook: rule, mode: 'auto' }, by)).toMatchObject({
        ...{ set: false, problem: 'unknown_key' },
      })
    expect(await desk.rows(`select from security.playbooks where mode = 'auto'`)).toEqual([])
  })
})

describe('people are told', () => {
  test('when a brake holds, until somebody has closed the circuit', async () => {
    await desk.setLimits({ ips_per_10_min: 0 })
    const plan = await proposed()
    await desk.approve(plan)
    await desk.execute(plan)
    await desk.setLimits({ ips_per_10_min: 100 })
    const title = 'A brake of the response holds: ips_per_10_min'
    expect(await alerts()).toEqual([{ status: 'open', title }])
    await desk.rows(`update security.response_alerts set noted_at = noted_at - interval '2 hours'`)
    await desk.run('expire_responses', {}, machine)
    expect(await alerts()).toEqual([{ status: 'open', title }])
    const [circuit] = await desk.rows('select id from security.circuits where closed_at is null')
    const id = Number(circuit?.['id'])
    expect(await set({ op: 'close_circuit', tenant, id, reason: 'seen' }, bob.kid)).toMatchObject({ set: true })
    expect(await set({ op: 'close_circuit', tenant, id, reason: 'seen' }, bob.kid)).toMatchObject({ set: false })
    expect(await alerts()).toEqual([{ status: 'closed', title }])
    expect(await desk.one('select closed_by, close_reason from security.circuits where id = $1', [id])).toEqual({
      ...{ closed_by: 'bob', close_reason: 'seen' },
    })
  })

  test('when the never-list cannot be read, when a plan was altered; an hour later that is over', async () => {
    await desk.rows('delete from security.alerts')
    const [blind, altered] = [await proposed(), await proposed()]
    for (const plan of [blind, altered]) await desk.approve(plan)
    await desk.rows('alter table security.never_list rename to lost')
    await desk.execute(blind)
    await desk.rows('alter table security.lost rename to never_list')
    await desk.rows(`update security.plans set plan = plan || '{"reason": "another"}' where id = $1`, [altered])
    await desk.execute(altered)
    expect(await alerts()).toEqual([
      { status: 'open', title: 'A response could not be carried out' },
      { status: 'open', title: 'A stored plan was altered' },
    ])
    await desk.rows(`update security.response_alerts set noted_at = noted_at - interval '2 hours'`)
    await desk.run('expire_responses', {}, machine)
    expect((await alerts()).map(({ status }) => status)).toEqual(['closed', 'closed'])
  })

  test('in the words that incidents have', async () => {
    for (const { change } of await desk.rows('select change from security.response_alerts'))
      expect(incidentChange.parse(change)).toEqual(change)
    const mine = changeOf({ wants: [{ kind: 'ip', id: '192.0.2.1', response: 'block_ip' }] })
    expect(incidentChange.parse(mine)).toEqual(mine)
  })

  test('and if telling fails, the brake holds all the same', async () => {
    await desk.setLimits({ ips_per_10_min: 0 })
    const plan = await proposed()
    await desk.approve(plan)
    await desk.rows('alter function security.note_incidents rename to lost')
    expect((await desk.execute(plan)).actions.at(-1)).toMatchObject({ state: 'refused', problem: 'ips_per_10_min' })
    await desk.rows('alter function security.lost rename to note_incidents')
    await desk.setLimits({ ips_per_10_min: 100 })
    const told = await desk.rows(`select from security.audit where entry ->> 'what' = 'alert_failed'`)
    expect(told).toHaveLength(1)
    expect(await desk.rows('select from security.circuits where closed_at is null')).toHaveLength(1)
  })
})

describe('show_response', () => {
  test('tells one plan with its actions, approvals and audit', async () => {
    const plan = await proposed()
    await desk.approve(plan)
    await desk.execute(plan)
    const { output } = await desk.run('show_response', { plan })
    expect(output).toMatchObject({
      all: null,
      one: {
        ...{ state: 'done', altered: false, digest: await desk.digest(plan) },
        plan: { id: plan, actions: [{ do: 'notify' }, { do: 'block_ip' }] },
        actions: [{ state: 'done' }, { state: 'done', until: expect.stringMatching(/Z$/) }],
        approvals: [{ name: 'ada', decision: 'approve' }],
      },
    })
    const { audit } = (output as { one: { audit: readonly { entry: { what: string } }[] } }).one
    expect(audit.map(({ entry }) => entry.what)).toEqual(['proposed', 'approved', 'acted', 'acted', 'finished'])
  })

  test('tells the newest plans and what is in force, and nothing of another tenant', async () => {
    for (let n = 0; n < 3; n += 1) await proposed()
    const { output } = await desk.run('show_response', { tenant, state: 'proposed', limit: 2 })
    expect(output).toMatchObject({ one: null, all: { plans: [{ state: 'proposed' }, { state: 'proposed' }] } })
    const other = await desk.run('show_response', { tenant: 'other' })
    expect(other.output).toMatchObject({ all: { plans: [], restrictions: [], circuits: [], playbooks: [] } })
    const none = await desk.run('show_response', { plan: `pln_${'0'.repeat(24)}` })
    expect(none.output).toEqual({ one: null, all: null })
    await expect(desk.run('show_response', {})).rejects.toMatchObject({ code: 'BEE_INPUT_INVALID' })
  })
})

describe('SECURITY_APPROVERS', () => {
  const user = '7B9F0B1E-95B3-4B6F-8B8A-3C1B8E3C7F10'
  test('lists people by the thumbprints of their keys', () => {
    const text = JSON.stringify([
      { name: 'ada', x: ada.x, user },
      { name: 'ada', x: bob.x },
    ])
    expect(readApprovers({ SECURITY_APPROVERS: text })).toEqual([
      { name: 'ada', kid: ada.kid, user: user.toLowerCase() },
      { name: 'ada', kid: bob.kid },
    ])
    expect(readApprovers({})).toEqual([])
    expect(readApprovers({ SECURITY_APPROVERS: '' })).toEqual([])
  })

  test('does not take the hive itself, one key twice, or what is no list', () => {
    const seed = generateSeed()
    const { publicJwk } = new SigningKey(seed)
    const hive = JSON.stringify([{ name: 'hive', x: publicJwk.x }])
    expect(() => readApprovers({ SECURITY_APPROVERS: hive, BEES_SUBMITTER_KEY: seed })).toThrow(/no person/)
    expect(readApprovers({ SECURITY_APPROVERS: hive, BEES_SUBMITTER_KEY: generateSeed() })).toHaveLength(1)
    for (const text of [
      '{}',
      'ada',
      JSON.stringify([{ name: 'ada' }]),
      JSON.stringify([{ name: '', x: ada.x }]),
      JSON.stringify([{ name: 'ada', x: `${ada.x}A` }]),
      JSON.stringify([{ name: 'ada', x: ada.x, role: 'admin' }]),
      JSON.stringify([
        { name: 'ada', x: ada.x },
        { name: 'bob', x: ada.x },
      ]),
    ])
      expect(() => readApprovers({ SECURITY_APPROVERS: text })).toThrow(/SECURITY_APPROVERS/)
  })
})

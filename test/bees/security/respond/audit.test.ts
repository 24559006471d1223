import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuditEntry, verifyAudit } from '../../../../bees/security/respond/index.ts'
import { pool } from '../../../ledger/ledger-database.ts'
import { ada, type Desk, machine, openDesk, rule, tenant } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  await desk.setMode(rule, 'approve')
  const { id } = await desk.user('203.0.113.1')
  for (const target of [id, (await desk.user('203.0.113.2')).id]) {
    const plan = (await desk.incident({ wants: [{ kind: 'user', id: target, response: 'lock_user' }] })) ?? ''
    await desk.approve(plan, ada)
    await desk.execute(plan)
    await desk.revert(plan)
  }
  const limits = { users_share: 0.001, block_start_s: 60 }
  await desk.run('set_response_policy', { change: { op: 'limits', tenant, limits, reason: 'ä"\\ 😀 0.10' } }, ada.kid)
})
afterAll(() => desk.close())

const sqlVerdict = async () =>
  (await desk.one('select security.verify_audit($1) as verdict', [tenant]))['verdict'] as {
    readonly checked: number
    readonly head: { readonly seq: number; readonly hash: string }
    readonly problems: readonly { readonly seq: number; readonly problem: string }[]
  }
const entries = async (): Promise<readonly AuditEntry[]> =>
  (
    await desk.rows(
      `select seq::integer, previous, bees.rfc3339(at) as at, entry, hash from security.audit where tenant = $1 order by seq`,
      [tenant],
    )
  ).map((row) => row as AuditEntry)

describe('the chain', () => {
  test('holds, in SQL and without a database, and tells who did what, why and with what effect', async () => {
    const rows = await entries()
    const verdict = await sqlVerdict()
    expect(rows.length).toBeGreaterThan(10)
    expect(verdict).toMatchObject({ checked: rows.length, problems: [], head: { seq: rows.length } })
    expect(verifyAudit(rows, { tenant, head: verdict.head })).toEqual([])
    const acted = rows.find(({ entry }) => entry['what'] === 'acted' && entry['do'] === 'lock_user')?.entry
    expect(acted).toMatchObject({
      ...{ mode: 'approve', who: { kind: 'machine', kid: machine }, why: rule, rules: { [rule]: 3 } },
      ...{ approvers: ['ada'], outcome: 'done', before: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(acted?.['after']).not.toBe(acted?.['before'])
  })

  test('is told page by page', async () => {
    const { output } = await desk.run('show_response', { tenant, audit_from: 3 })
    const { all } = output as { readonly all: { readonly chain: readonly AuditEntry[]; readonly audit: AuditEntry } }
    const [, before] = await entries()
    expect(verifyAudit(all.chain, { tenant, before, head: all.audit })).toEqual([])
    expect(all.chain).toEqual((await entries()).slice(2))
  })

  test('its end is part of what the hive signs', async () => {
    const [plan] = await desk.rows('select id from security.plans limit 1')
    const { output } = await desk.run('respond_threat', { plan: String(plan?.['id']), operation: 'verify' }, machine)
    expect(output).toMatchObject({ plans: [{ audit: (await sqlVerdict()).head }] })
  })

  const forgeries: readonly (readonly [
    string,
    string,
    readonly { readonly seq: number; readonly problem: string }[],
  ])[] = [
    [
      'an altered entry',
      `update security.audit set entry = entry || '{"outcome": "nothing"}' where seq = 5`,
      [{ seq: 5, problem: 'hash' }],
    ],
    [
      'another time',
      `update security.audit set at = at - interval '1 second' where seq = 4`,
      [{ seq: 4, problem: 'hash' }],
    ],
    [
      'an entry with its hash',
      `update security.audit as a set entry = '{"what": "forged"}', hash = security.audit_hash(tenant, seq, previous, at, '{"what": "forged"}') where seq = 3`,
      [{ seq: 4, problem: 'previous' }],
    ],
    ['a missing entry', 'delete from security.audit where seq = 6', [{ seq: 7, problem: 'gap' }]],
    ['a missing beginning', 'delete from security.audit where seq = 1', [{ seq: 2, problem: 'gap' }]],
  ]
  test.each(forgeries)('a superuser who leaves %s is found', async (_what, sql, problems) => {
    await desk.rows('create table kept as select * from security.audit')
    await desk.force(sql)
    const rows = await entries()
    const verdict = await sqlVerdict()
    await desk.force('truncate security.audit; insert into security.audit select * from kept')
    await desk.rows('drop table kept')
    expect(verifyAudit(rows, { tenant })).toEqual(problems)
    expect(verdict.problems).toEqual(
      problems.map(({ seq, problem }) => ({ seq, problem: problem === 'gap' ? 'missing_before' : problem })),
    )
  })

  test('what was cut off at the end is missed by whoever knows the end', async () => {
    const rows = await entries()
    const { head } = await sqlVerdict()
    expect(verifyAudit(rows.slice(0, -2), { tenant })).toEqual([])
    expect(verifyAudit(rows.slice(0, -2), { tenant, head })).toEqual([{ seq: head.seq, problem: 'end' }])
    expect(verifyAudit(rows, { tenant: 'other' })[0]).toEqual({ seq: 1, problem: 'hash' })
    const [before] = rows.slice(3)
    expect(verifyAudit(rows.slice(4), { tenant, before })).toEqual([])
  })
})

describe('cannot be changed', () => {
  const statements = ['audit', 'approvals'].flatMap((table) => [
    `update security.${table} set ${table === 'audit' ? 'entry' : 'reason'} = null`,
    `delete from security.${table}`,
    `delete from security.${table} where false`,
    `truncate security.${table}`,
  ])

  test.each(statements)('by anybody: %s', async (sql) => {
    for (const role of ['anon', 'authenticated', 'service_role', 'bee', 'bees_owner']) {
      const attacker = pool(desk.database.url, role)
      await expect(attacker.query(sql)).rejects.toMatchObject({ code: '42501' })
      await attacker.end()
    }
    // A superuser's script, also in the mode that seeds and dumps begin with.
    await expect(desk.rows(sql)).rejects.toMatchObject({ code: '55000' })
    await expect(
      desk.rows(`begin; set local session_replication_role = replica; ${sql}; commit`),
    ).rejects.toMatchObject({
      code: '55000',
    })
    await desk.rows('rollback')
  })

  test('in the middle of a response either: the transaction is gone', async () => {
    const before = (await entries()).length
    await desk.rows(`create function bee_tasks.security__forge(input jsonb, call jsonb) returns jsonb language plpgsql as $$
      begin
        perform security.append_audit('acme', '{"what": "forged"}');
        update security.audit set hash = '';
        return input;
      end $$; call bees.seal('bee_tasks')`)
    const client = pool(desk.database.url, 'bees_owner')
    await expect(client.query(`select bee_tasks.security__forge('{}', '{}')`)).rejects.toMatchObject({ code: '42501' })
    await client.end()
    expect(await entries()).toHaveLength(before)
  })
})

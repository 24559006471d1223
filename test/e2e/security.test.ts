import { afterAll, beforeAll, expect, it } from 'vitest'
import { type HiveProcess, runBees, startHiveProcess } from '../support/hive.ts'
import { adminQuery } from '../support/index.ts'

let hive: HiveProcess
beforeAll(async () => {
  hive = await startHiveProcess()
})
afterAll(() => hive?.close())

const bees = (...args: string[]) => runBees(args, { dataDir: hive.dataDir })
const rows = (sql: string) => adminQuery(hive.env.DATABASE_URL ?? '', sql)

let incident = ''
let plan = ''

it('bees demo security: from the wrong passwords to the revert', { timeout: 90_000 }, async () => {
  const { code, out, err } = await bees('demo', 'security', '--seed', '7')
  expect(err).toBe('')
  expect(out).not.toContain('✗')
  expect(out.match(/✓/g)).toHaveLength(6)
  expect(code).toBe(0)
  incident = /inc_[0-9a-f]{24}/.exec(out)?.[0] ?? ''
  plan = /pln_[0-9a-f]{24}/.exec(out)?.[0] ?? ''
  // Every event is kept once, and none waits any more.
  expect(await rows(`select count(*)::int as n from security.events where source <> 'hive'`)).toEqual([{ n: 41 }])
  expect(await rows('select count(*)::int as n from security.inbox')).toEqual([{ n: 0 }])
  expect(await rows('select count(*)::int as n from security.restrictions')).toEqual([{ n: 0 }])
  // The audit says who did what, in a chain.
  const audit = await rows(`select entry ->> 'what' as what from security.audit order by seq`)
  expect(audit.map(({ what }) => what)).toEqual(expect.arrayContaining(['proposed', 'approved', 'acted', 'reverted']))
})

it('bees security says how things are', async () => {
  const { out } = await bees('security')
  expect(out).toMatch(/open incidents +critical 1/)
  expect(out).toContain('success_after_stuffing')
  const status = JSON.parse((await bees('security', 'status', '--json')).out)
  expect(status).toMatchObject({ waiting: 0, set_aside: 0, incidents: { critical: 1 } })
})

it('findings lists it, and explain shows rules, figures, events, alerts and the plan', async () => {
  expect((await bees('security', 'findings', '--open')).out).toContain(incident)
  expect((await bees('security', 'findings', '--rule', 'impossible_travel')).out).toBe('Nothing found.\n')
  const { out, code } = await bees('security', 'explain', incident)
  expect(code).toBe(0)
  for (const said of ['credential_stuffing', 'T1110.004', 'invalid_credentials', 'mailbox', plan, 'reverted']) {
    expect(out).toContain(said)
  }
  expect(out).not.toContain('demo.example')
  const { key } = JSON.parse((await bees('security', 'explain', incident, '--json')).out).findings[0]
  expect((await bees('security', 'explain', key.slice(0, 12))).out).toContain(incident)
})

it('what is not there is said', async () => {
  const { err, code } = await bees('security', 'explain', 'inc_000000000000000000000000')
  expect([code, err]).toEqual([1, expect.stringContaining('BEE_SECURITY_NOT_FOUND')])
  expect((await bees('security', 'plans', 'pln_000000000000000000000000')).err).toContain('BEE_SECURITY_NOT_FOUND')
  expect((await bees('security', 'findings', '--tenant', 'somebody-else')).out).toBe('Nothing found.\n')
})

it('a plan that is taken back can be taken back again, and cannot be approved again', async () => {
  const again = await bees('security', 'revert', plan, '--reason', 'to be sure')
  expect([again.code, again.out]).toEqual([0, expect.stringContaining(`${plan}: reverted`)])
  const approved = await bees('security', 'approve', plan, '--reason', 'once more')
  expect([approved.code, approved.err]).toEqual([1, expect.stringContaining('the decision was refused (state)')])
})

it('nothing of it is a secret or a name in what the hive has logged', () => {
  for (const secret of [hive.env.SECURITY_EVENTS_SECRETS ?? 'none', hive.env.BEES_APPROVER_KEY ?? 'none']) {
    expect(secret).not.toBe('none')
    expect(hive.logs()).not.toContain(secret)
  }
  expect(hive.logs()).not.toContain('demo.example')
})

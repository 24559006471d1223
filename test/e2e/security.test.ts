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

/** The hive's own: trusted, and no person. */
const machineKey = () => hive.env.BEES_SUBMITTER_KEY ?? ''
let incident = ''
let plan = ''

it('bees demo security: from the wrong passwords to the revert', { timeout: 90_000 }, async () => {
  // Somebody has written settings by hand, and badly.
  await rows(
    `insert into security.settings (tenant, rule, settings)
     values ('default', 'bad_tokens', '{"tokens": 2}'), ('default', 'no_such_rule', '{}')`,
  )
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
  expect([approved.code, approved.err]).toEqual([1, expect.stringContaining('the decision was refused: it is over')])
})

it('bees submit signs as a person where only a person may set something', async () => {
  const change = { op: 'limits', tenant: 'default', limits: { users_per_hour: 20 }, reason: 'we are small' }
  const submit = (...options: string[]) =>
    bees('submit', ...options, 'security/set_response_policy', JSON.stringify({ change }))
  // By the key of the hive: the task has run, and the hive is nobody.
  expect((await submit()).out).toContain('"problem": "unknown_key"')
  expect((await submit('--as-person')).out).toContain('"set": true')
})

it('what is set and counts for nothing is shown, with what to do; set and unset mend it', {
  timeout: 60_000,
}, async () => {
  const { out } = await bees('security')
  expect(out).toContain('bad_tokens tokens: received 2, expected at least 5')
  expect(out).toContain('next: bees security set bad_tokens tokens <value> --reason')
  expect(out).toContain('no_such_rule: received "no_such_rule", expected the id of a rule')
  expect(hive.logs()).toContain('a setting is left out')

  const refused = await bees('security', 'set', 'bad_tokens', 'tokens', '4', '--reason', 'to see')
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('received 4, expected at least 5')])
  const done = await bees('security', 'set', 'bad_tokens', 'tokens', '30', '--reason', 'our load test')
  expect([done.code, done.out]).toEqual([0, expect.stringContaining('bad_tokens tokens: 30, before: 2')])
  const gone = await bees('security', 'unset', 'no_such_rule', '--reason', 'a slip')
  expect([gone.err, gone.code]).toEqual(['', 0])
  const { out: now } = await bees('security', 'settings')
  expect(now).toMatch(/bad_tokens .* by you: our load test\n {2}tokens {2}30\n/)
  expect(now).not.toContain('no_such_rule')
  expect((await bees('security')).out).not.toContain('received')
})

it('whoever is woken at night is told what to do next, and what went wrong', { timeout: 90_000 }, async () => {
  expect((await bees('security')).out).toContain('next: bees security findings --open')
  expect((await bees('security', 'explain', incident)).out).toContain(`next: bees security ack ${incident}`)
  expect((await bees('security', 'ack', incident)).out).toContain('taken up by you')
  expect((await bees('security', 'status', '--tenant', 'nobody')).out).toContain(
    'No event of this tenant has ever come',
  )

  const quiet = await bees('security', 'silence', '--incident', incident, '--critical', '--reason', 'a drill')
  const silence = /sil_[0-9a-f]{24}/.exec(quiet.out)?.[0] ?? ''
  expect(quiet.out).toContain('covers 1 open incident')
  expect((await bees('security')).out).toMatch(new RegExp(`silenced: nobody is told of\\n +${silence}.*a drill`))
  expect((await bees('security', 'unsilence', silence)).code).toBe(0)
  expect((await bees('security', 'unsilence', silence)).err).toContain('BEE_SECURITY_NOT_FOUND')

  const wrong: readonly (readonly [readonly string[], string, Readonly<Record<string, string>>?])[] = [
    [['silence', '--incident', 'inc_0', '--reason', 'a drill'], 'expected the id of an incident'],
    [['silence', '--entity', 'person:ada', '--reason', 'a drill'], 'kinds are user, account'],
    [['ack', 'inc_0'], 'BEE_SECURITY_NOT_FOUND'],
    [['findings', '--tenant', 'No Body'], '--tenant: received "No Body", expected'],
    [['unset', 'bad_tokens'], 'Received no --reason'],
    [['ack', incident], 'BEES_TRUSTED_SUBMITTERS', { BEES_APPROVER_KEY: 'ab'.repeat(32) }],
    [
      ['set', 'bad_tokens', 'mode', 'off', '--reason', 'x y z'],
      'SECURITY_APPROVERS',
      { BEES_APPROVER_KEY: machineKey() },
    ],
    [['status'], 'BEE_UNREACHABLE', { SUPABASE_URL: 'http://127.0.0.1:9', SUPABASE_SECRET_KEY: 'of nobody' }],
  ]
  for (const [args, said, env] of wrong) {
    const { code, err } = await runBees(['security', ...args], {
      dataDir: hive.dataDir,
      ...(env === undefined ? {} : { env }),
    })
    expect([args, code, err]).toEqual([args, 1, expect.stringContaining(said)])
    expect(err).toContain('next:')
  }
})

it('nothing of it is a secret or a name in what the hive has logged', () => {
  for (const secret of [hive.env.SECURITY_EVENTS_SECRETS ?? 'none', hive.env.BEES_APPROVER_KEY ?? 'none']) {
    expect(secret).not.toBe('none')
    expect(hive.logs()).not.toContain(secret)
  }
  expect(hive.logs()).not.toContain('demo.example')
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type HiveProcess, runBees, startHiveProcess } from '../support/hive.ts'
import { adminQuery } from '../support/index.ts'

let hive: HiveProcess
beforeAll(async () => {
  hive = await startHiveProcess()
})
afterAll(() => hive?.close())

const bees = (...args: string[]) => runBees(args, { dataDir: hive.dataDir })
const count = async (sql: string) => (await adminQuery(hive.env.DATABASE_URL ?? '', sql))[0]?.n

/** What a hive has left of the stories that it was told. */
const left = async () => ({
  ledger: await count('select count(*)::int as n from bees.ledger where key is not null and step = 1'),
  events: await count('select count(*)::int as n from finance.events'),
  latest: await count('select max(stored_at)::text as n from finance.events'),
  changed: await count('select max(changed_at)::text as n from finance.subscriptions'),
})

it('bees demo tells its story to the end', async () => {
  const { code, out, err } = await bees('demo', '--seed', '20260101')
  expect(err).toBe('')
  expect(out).toContain('all well')
  expect(out).not.toContain('✗')
  expect(out.match(/✓/g)).toHaveLength(11)
  expect(code).toBe(0)
  expect(out).toContain(' of 58 events, 58 effects, ')
  expect(await count(`select count(*)::int as n from finance.events where state in ('applied', 'stale')`)).toBe(58)
  expect(await count(`select count(*)::int as n from finance.user_profiles where not entitled`)).toBe(1)
  // What is told in the wrong order within a second is asked of Stripe.
  expect(out).toMatch(/told reversed .* [1-9]× asked/)
  expect(await count(`select quantity::int as n from finance.subscription_items`)).toBe(3)
  // Ten euros went back and came back; nine were lost to the bank.
  expect(out).toMatch(/paid 900 +refunded 0 +lost 900 +net 0/)
  expect(await count(`select sum(amount_net)::int as n from finance.payment_nets where amount_paid > 0`)).toBe(9_700)
})

it('the same story again changes nothing', async () => {
  const before = await left()
  const { code, out } = await bees('demo', '--seed', '20260101')
  expect(out).toContain(' of 58 events, 0 effects, ')
  expect(out).toContain('all well')
  expect(code).toBe(0)
  expect(await left()).toEqual(before)
})

it('a story without a seed is another one', async () => {
  const { code, out } = await bees('demo')
  const [, events, effects] = /of (\d+) events, (\d+) effects/.exec(out) ?? []
  expect(Number(events)).toBeGreaterThan(50)
  expect(effects).toBe(events)
  expect(out).toContain('all well')
  expect(code).toBe(0)
})

it('a story is told only where Stripe is local, and no key goes elsewhere', async () => {
  const asked: string[] = []
  const stranger = createServer((request, response) => {
    asked.push(String(request.headers.authorization))
    response.end('{}')
  })
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const { port } = stranger.address() as AddressInfo
  const { code, err } = await runBees(['demo'], {
    dataDir: hive.dataDir,
    env: { STRIPE_SECRET_KEY: 'sk_test_somebodysown', STRIPE_API_URL: `http://127.0.0.1:${port}` },
  })
  stranger.close()
  expect(err).toContain('BEE_NOT_LOCAL')
  expect(code).toBe(1)
  expect(asked).toEqual([])
})

it('bees doctor finds everything well', async () => {
  const { code, out } = await bees('doctor')
  expect(out).not.toContain('✗')
  expect(out).toContain(`${hive.url} is ready`)
  expect(code).toBe(0)
})

it('bees list --json is JSON with schemas', async () => {
  const { code, out } = await bees('list', '--json')
  expect(code).toBe(0)
  const listed = JSON.parse(out) as readonly { readonly name: string; readonly tasks: readonly object[] }[]
  const finance = listed.find(({ name }) => name === 'finance')
  expect(finance?.tasks[0]).toMatchObject({
    name: 'apply_stripe_event',
    schemaHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

it('bees --help teaches, and an unknown command is told off', async () => {
  const help = await bees('--help')
  expect(help.code).toBe(0)
  for (const command of ['start', 'list', 'submit', 'verify', 'new', 'demo', 'doctor', 'keys', 'migrate']) {
    expect(help.out).toMatch(new RegExp(`^ +${command}\\b`, 'm'))
  }
  const unknown = await bees('no-such-command')
  expect(unknown.code).not.toBe(0)
  expect(unknown.err).toContain('no-such-command')
})

it('bees submit refuses a task that nobody has, and says what to do', async () => {
  const { code, err } = await bees('submit', 'finance/no_such_task', '{}')
  expect(code).toBe(1)
  expect(err).toContain('BEE_TASK_UNKNOWN')
})

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

it('bees demo tells its story to the end', async () => {
  const { code, out, err } = await bees('demo', '--seed', '20260101')
  expect(err).toBe('')
  expect(out).toContain('all well')
  expect(out).not.toContain('✗')
  expect(out.match(/✓/g)).toHaveLength(12)
  expect(code).toBe(0)
  expect(await count('select count(*)::int as n from bees.ledger')).toBe(12)
  expect(await count(`select count(*)::int as n from finance.events where state = 'applied'`)).toBe(12)
  expect(await count(`select count(*)::int as n from finance.user_profiles where not entitled`)).toBe(1)
})

it('the same story again changes nothing', async () => {
  const before = await count('select max(stored_at)::text as n from finance.events')
  const { code, out } = await bees('demo', '--seed', '20260101')
  expect(out).toContain('0 effects')
  expect(out).toContain('all well')
  expect(code).toBe(0)
  expect(await count('select count(*)::int as n from bees.ledger')).toBe(12)
  expect(await count('select max(stored_at)::text as n from finance.events')).toBe(before)
})

it('a story without a seed is another one', async () => {
  const { code, out } = await bees('demo')
  expect(out).toContain('12 effects')
  expect(code).toBe(0)
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

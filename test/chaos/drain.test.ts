import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Crew, startCrew } from '../support/crew.ts'
import { type HiveProcess, startHiveProcess } from '../support/hive.ts'
import { seededRandom, until } from '../support/index.ts'
import { checkReceiptChains } from '../support/receipt-chains.ts'

let crew: Crew
let folder: string
let hives: HiveProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colony-bees-gates-'))
  crew = await startCrew()
})
beforeEach(() => {
  hives = []
})
afterEach(() => Promise.all(hives.map((hive) => hive.close())))
afterAll(async () => {
  await crew?.close()
  await rm(folder, { recursive: true, force: true })
})

async function startHive(env: Readonly<Record<string, string>> = {}): Promise<HiveProcess> {
  const hive = await startHiveProcess({
    env: { ...crew.env, BEES_POLL_SECONDS: '1', BEES_DRAIN_SECONDS: '4', ...env },
  })
  hives.push(hive)
  return hive
}

const number = async (sql: string) => Number((await crew.rows(sql))[0]?.n)
const running = () => number('select count(*)::int as n from colonies.processes where state = 1')
const open = () => number('select count(*)::int as n from colonies.processes where state < 2')
const written = (prefix: string) =>
  number(`select count(*)::int as n from chaos.effects where starts_with(n, '${prefix}')`)
/** The last line of its log that tells how it ended. */
const drained = (hive: HiveProcess) => {
  const line = hive
    .logs()
    .split('\n')
    .findLast((text) => text.includes('"msg":"drained"'))
  return JSON.parse(line ?? '{}') as { givenBack: number; left: number; receiptsPending: number; durationMs: number }
}

it('SIGTERM under load: two hives, one stops, nothing is lost and nothing done twice', {
  timeout: 90_000,
}, async () => {
  const random = seededRandom()
  console.info(`seed: TEST_SEED=${random.seed}`)
  const gate = join(folder, 'load')
  const leaving = await startHive()
  // The one that will leave takes some work that it cannot finish in time.
  const held = await Promise.all([1, 2, 3].map((n) => crew.submit('worker', 'gated', { n: `held ${n}`, gate })))
  await until(async () => (await running()) === held.length, { timeoutMs: 10_000, what: 'the held work' })
  const staying = await startHive()
  const total = 240
  const load = Array.from({ length: total }, (_, n) => ({ n: `load ${n}`, ms: random.integer(0, 60) }))
  const submitted: string[] = []
  const submitting = (async () => {
    for (let at = 0; at < total; at += 12) {
      const part = load.slice(at, at + 12).map((input) => crew.submit('worker', 'write', input))
      submitted.push(...(await Promise.all(part)))
    }
  })()
  const stopAt = random.integer(20, 120)
  await until(async () => (await written('load')) >= stopAt, { timeoutMs: 30_000, what: 'some load' })
  const beganMs = performance.now()
  const code = await leaving.sigterm()
  const endedMs = performance.now() - beganMs
  const facts = drained(leaving)
  expect({ code, ...facts }).toMatchObject({ code: 0, givenBack: held.length, left: 0, receiptsPending: 0 })
  expect(endedMs).toBeLessThan(4_000 + 3_000)
  // Given back means: at once in the hands of the other one, long before any time limit.
  await until(async () => (await running()) >= held.length, {
    timeoutMs: 10_000,
    what: 'the given back work elsewhere',
  })
  await writeFile(gate, '')
  await submitting
  for (const process of [...held, ...submitted]) expect((await crew.waitFor(process)).state).toBe('success')
  expect(await written('load')).toBe(total)
  expect(await written('held')).toBe(held.length)
  expect(await crew.doubles()).toEqual([])
  const [both] = await crew.rows(
    `select count(distinct executor)::int as hives, count(*)::int as rows from bees.ledger where task = 'write'`,
  )
  expect(both).toEqual({ hives: 2, rows: total })
  const chains = await checkReceiptChains(crew.env.DATABASE_URL ?? '', staying.url)
  expect(chains).toMatchObject({ findings: [], receipts: total + held.length })
  console.info(
    `drain under load: ${Math.round(endedMs)} ms of 4000 ms grace (the hive says ${Math.round(facts.durationMs)} ms), ` +
      `${facts.givenBack} given back after ${stopAt} of ${total}`,
  )
})

it('an idle hive at the broker of another one ends with its poll', {
  timeout: 60_000,
}, async () => {
  const hive = await startHive()
  const beganMs = performance.now()
  expect(await hive.sigterm()).toBe(0)
  const endedMs = performance.now() - beganMs
  console.info(`drain of an idle hive at a shared broker with 1 s polls: ${Math.round(endedMs)} ms`)
  expect(endedMs).toBeLessThan(3_000)
})

it('a handler that listens to nobody holds nobody up at the end of the grace', { timeout: 60_000 }, async () => {
  const gate = join(folder, 'stubborn')
  const hive = await startHive({ BEES_DRAIN_SECONDS: '2' })
  const process = await crew.submit('worker', 'stubborn', { n: 'stubborn', gate })
  await until(async () => (await running()) === 1, { timeoutMs: 10_000, what: 'the stubborn work' })
  const beganMs = performance.now()
  expect(await hive.sigterm()).toBe(0)
  const endedMs = performance.now() - beganMs
  console.info(`drain with a stubborn handler: ${Math.round(endedMs)} ms of 2000 ms grace`)
  expect(endedMs).toBeLessThan(2_000 + 4_000)
  expect(drained(hive)).toMatchObject({ givenBack: 1, left: 0 })
  await startHive()
  await until(async () => (await running()) === 1, { timeoutMs: 10_000, what: 'the stubborn work elsewhere' })
  await writeFile(gate, '')
  expect((await crew.waitFor(process)).state).toBe('success')
  expect(await written('stubborn')).toBe(1)
})

it('a second signal forces: what runs goes back at once', {
  timeout: 60_000,
}, async () => {
  const gate = join(folder, 'forced')
  const hive = await startHive({ BEES_DRAIN_SECONDS: '60' })
  const process = await crew.submit('worker', 'stubborn', { n: 'forced', gate })
  await until(async () => (await running()) === 1, { timeoutMs: 10_000, what: 'the stubborn work' })
  hive.signal('SIGTERM')
  const firstMs = performance.now()
  // Signals that come within a moment are one; this one comes later.
  await until(() => hive.logs().includes('draining') && performance.now() - firstMs > 500)
  expect((await fetch(`${hive.url}/readyz`)).status).toBe(503)
  const beganMs = performance.now()
  expect(await hive.sigterm()).toBe(0)
  const endedMs = performance.now() - beganMs
  expect(endedMs).toBeLessThan(8_000)
  expect(hive.logs()).toContain('forcing')
  expect(await open()).toBe(1)
  const next = await startHive()
  await until(async () => (await running()) === 1, { timeoutMs: 10_000, what: 'the forced work elsewhere' })
  await writeFile(gate, '')
  expect((await crew.waitFor(process)).state).toBe('success')
  expect(await written('forced')).toBe(1)
  expect(next.logs()).not.toContain('forcing')
  console.info(`a forced stop took ${Math.round(endedMs)} ms`)
})

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SentEvent } from '../bees/finance/stripe-events.ts'
import { countEffects, effectsOf } from '../support/effect-counter.ts'
import { allGone, freshDataDir, type HiveProcess, removeDataDir, startHiveProcess } from '../support/hive.ts'
import { adminQuery, freePort, seededRandom, until } from '../support/index.ts'
import { checkReceiptChains } from '../support/receipt-chains.ts'
import { stripeClient } from '../support/stripe-client.ts'
import { stripeMix } from '../support/stripe-mix.ts'

const total = 500
const kills = 5
const senders = 20

let dataDir: string
let port: number
let hive: HiveProcess

const start = () =>
  startHiveProcess({ dataDir, env: { BEES_PORT: String(port), BEES_LOG_LEVEL: 'warn', BEES_TEST_FAULTS: undefined } })

beforeAll(async () => {
  dataDir = await freshDataDir()
  port = await freePort()
  hive = await start()
})
afterAll(async () => {
  await hive?.close()
  await removeDataDir(dataDir)
})

const rows = (sql: string) => adminQuery(hive.env.DATABASE_URL ?? '', sql)
const number = async (sql: string) => Number((await rows(sql))[0]?.n)

it(`${total} events, ${kills} times kill -9, each event exactly once`, { timeout: 180_000 }, async () => {
  const random = seededRandom()
  console.info(`seed: TEST_SEED=${random.seed}`)
  const events = stripeMix(random, total)
  await countEffects(hive.env.DATABASE_URL ?? '')
  const beganMs = performance.now()

  // Stripe: each event again and again until somebody answers with 2xx.
  const stripe = stripeClient(hive.url, hive.env.STRIPE_WEBHOOK_SECRET ?? '', senders)
  let acknowledged = 0
  let attempts = 0
  const queue = [...events]
  const giveUp = new AbortController()
  const deliver = async (event: SentEvent): Promise<void> => {
    for (;;) {
      attempts += 1
      const answer = await stripe.post(event).catch(() => undefined)
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) break
      // Not waiting for a state: this is the sender's own pause before it tries again.
      await sleep(random.integer(50, 300), undefined, { signal: giveUp.signal })
    }
    acknowledged += 1
  }
  const sender = async (): Promise<void> => {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) await deliver(event)
  }
  const sent = Promise.all(Array.from({ length: senders }, sender))
  sent.catch(() => undefined)

  try {
    // The first moments are chosen by what was taken, the others by what was done, so that both ways get hit.
    for (let kill = 0; kill < kills; kill += 1) {
      const at = Math.round(((kill + random.next()) / kills) * (total - 60)) + 20
      const reached =
        kill < 2
          ? () => acknowledged >= at
          : async () => (await number('select count(*)::int as n from bees.ledger')) >= at
      await until(reached, { timeoutMs: 60_000, intervalMs: 5, what: `event ${at}` })
      const orphans = await hive.descendants()
      const killedMs = performance.now()
      await hive.kill9()
      const deadHive = hive
      hive = await start()
      const readyMs = performance.now() - killedMs
      await allGone(orphans)
      await deadHive.close()
      const before = await number('select count(*)::int as n from bees.ledger')
      if (before < total) {
        await until(async () => (await number('select count(*)::int as n from bees.ledger')) > before, {
          timeoutMs: 30_000,
          intervalMs: 5,
          what: 'the first event after the kill',
        })
      }
      console.info(
        `kill ${kill + 1} at ${acknowledged} taken, ${before} done: ready after ${Math.round(readyMs)} ms, ` +
          `first effect after ${Math.round(performance.now() - killedMs)} ms`,
      )
    }
    await until(() => acknowledged === total, { timeoutMs: 60_000, intervalMs: 50, what: 'every event taken' })
  } finally {
    giveUp.abort()
    queue.length = 0
  }
  await sent
  stripe.close()
  await until(async () => (await number('select count(*)::int as n from colonies.processes where state < 2')) === 0, {
    timeoutMs: 60_000,
    intervalMs: 100,
    what: 'the end of all processes',
  })
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1)

  const processes = await number('select count(*)::int as n from colonies.processes')
  expect(await rows('select count(*)::int as n, count(distinct key)::int as keys from bees.ledger')).toEqual([
    { n: total, keys: total },
  ])
  const invoices = events.filter(({ type }) => type.startsWith('invoice.')).length
  expect(await effectsOf(hive.env.DATABASE_URL ?? '')).toEqual({ events: total, invoices, twice: [] })
  expect(await rows('select distinct state from colonies.processes')).toEqual([{ state: 2 }])
  expect(await rows('select count(*)::int as n from bees.dead_letters')).toEqual([{ n: 0 }])
  const unsigned = `select count(*)::int as n from colonies.processes p
                    where not exists (select from bees.receipts r where r.process = p.processid)`
  expect(await number(unsigned)).toBe(0)
  const chains = await checkReceiptChains(hive.env.DATABASE_URL ?? '', hive.url)
  expect(chains.findings).toEqual([])
  expect(chains.receipts).toBeGreaterThanOrEqual(processes)
  console.info(
    `${total} events in ${seconds} s with ${attempts} deliveries, ${processes} processes, ` +
      `${chains.receipts} receipts in ${chains.executors} chains`,
  )
})

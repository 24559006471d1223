import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadBees } from '../../../src/bee/index.ts'
import { ColoniesClient, parsePrivateKey } from '../../../src/colonies/index.ts'
import { createSubmitter } from '../../../src/fleet/index.ts'
import { handledEventTypes } from '../../../src/http/webhook/event-types.ts'
import { type StripeApi, startStripeApi, type World } from '../../../src/local/stripe/index.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { SigningKey } from '../../../src/trust/index.ts'
import { type HiveProcess, projectDir, startHiveProcess } from '../../support/hive.ts'
import { adminQuery, seededRandom, until } from '../../support/index.ts'
import { checkInvariants } from '../../support/invariants.ts'
import { type StripeClient, stripeClient } from '../../support/stripe-client.ts'
import { type Delivery, history } from '../../world/index.ts'
import { checkRemains } from './check-remains.ts'
import { openRecorder, type Recorder } from './recorder.ts'

const histories = 3
const inFlight = 8
const random = seededRandom()
const firstSeed = random.integer(1, 2 ** 30)

/** What Stripe's API shows: this world, at this moment. */
let world: World
let momentMs = 0
let api: StripeApi
/** Owns broker and database, takes the webhooks, and works. */
let queen: HiveProcess
/** Works too, until it is killed. */
let worker: HiveProcess
let stripe: StripeClient
let recorder: Recorder
let submit: (task: string) => Promise<unknown>

beforeAll(async () => {
  api = await startStripeApi({ worlds: () => [world], nowMs: () => momentMs })
  const settings = {
    BEES_LOG_LEVEL: 'warn',
    BEES_POLL_SECONDS: '1',
    STRIPE_API_URL: api.url,
    STRIPE_SECRET_KEY: 'sk_test_endtoend,sk_live_endtoend',
    STRIPE_ACCOUNTS: 'any',
  }
  queen = await startHiveProcess({ env: settings })
  const { BEES_URL: _, ...shared } = queen.env
  worker = await startWorker({ ...shared, ...settings })
  const databaseUrl = queen.env.DATABASE_URL ?? ''
  recorder = await openRecorder(databaseUrl)
  stripe = stripeClient(queen.url, queen.env.STRIPE_WEBHOOK_SECRET ?? '', inFlight)
  const submitter = createSubmitter({
    client: new ColoniesClient({
      url: `http://${shared.COLONIES_SERVER_HOST}:${shared.COLONIES_SERVER_PORT}`,
      privateKey: parsePrivateKey(shared.COLONIES_PRVKEY ?? ''),
    }),
    colony: shared.COLONIES_COLONY_NAME ?? '',
    envelopeKey: new SigningKey(shared.BEES_SUBMITTER_KEY ?? ''),
    bees: await loadBees(join(projectDir, 'bees')),
    clock: systemClock,
  })
  submit = async (task) => {
    const { processId } = await submitter.submit({ bee: 'finance', task, input: {} })
    return await submitter.waitFor(processId, { timeoutMs: 40_000 })
  }
}, 120_000)
afterAll(async () => {
  stripe?.close()
  await recorder?.close()
  await worker?.close()
  await queen?.close()
  await api?.close()
})

const startWorker = (env: Readonly<Record<string, string>>) => startHiveProcess({ env })
const number = async (sql: string) => Number((await adminQuery(queen.env.DATABASE_URL ?? '', sql))[0]?.n)
const open = () => number('select count(*)::int as n from colonies.processes where state < 2')
const parked = () =>
  number(`select count(*)::int as n from finance.events where state = 'parked' and waits_for = 'stripe'`)

/** Stripe's senders: each delivery until somebody says 2xx, several at once; the world's clock goes along. */
async function deliver(deliveries: readonly Delivery[], onHalf: () => Promise<void>): Promise<void> {
  let next = 0
  let half: Promise<void> | undefined
  const sender = async () => {
    for (let one = deliveries[next++]; one !== undefined; one = deliveries[next++]) {
      momentMs = Math.max(momentMs, one.atMs)
      if (next * 2 > deliveries.length) half ??= onHalf()
      const event = one.form === 'thin' ? one.event.thin() : one.event.snapshot()
      for (;;) {
        const answer = await stripe.post(event as never).catch(() => undefined)
        if (answer !== undefined && answer.status >= 200 && answer.status < 300) break
        // The sender's own pause before it tries again.
        await sleep(random.integer(20, 200))
      }
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
  await half
}

describe('a world, its webhooks, a broker, two hives and a database', () => {
  it.each(Array.from({ length: histories }, (_, n) => firstSeed + n))('seed %i', { timeout: 120_000 }, async (seed) => {
    // One of the histories loses a computer, one finds Stripe's API away and then back: thin events cannot do without it.
    const kills = seed === firstSeed
    const outage = seed === firstSeed + 1
    const script = history(seed, { actions: 8, ...(outage ? { thin: 1 } : {}) })
    world = script.world
    momentMs = script.deliveries[0]?.atMs ?? 0
    await recorder.clear()
    api.faults.setOutage(outage)
    api.faults.add({ kind: 'rate_limit', times: 2, retryAfterSeconds: 0 })
    api.faults.add({ kind: 'server_error', times: 2 })
    await deliver(script.deliveries, async () => {
      if (kills) await worker.kill9()
    })
    const settled = { timeoutMs: 60_000, intervalMs: 50, what: 'the end of all processes' }
    await until(async () => (await open()) === 0, settled)
    api.faults.clear()
    momentMs = Math.max(momentMs, world.nowMs()) + 60_000
    if (outage) expect(await parked()).toBeGreaterThan(0)
    await until(
      async () => {
        if ((await parked()) === 0) return true
        await submit('unpark_stripe')
        return false
      },
      { timeoutMs: 60_000, what: 'the end of what waits for Stripe' },
    )
    const remains = await recorder.remains(queen.env.COLONIES_COLONY_NAME ?? '')
    // Other types end at the webhook.
    const delivered = script.deliveries.map(({ event }) => event).filter(({ type }) => handledEventTypes.includes(type))
    expect(checkRemains(remains, { world, delivered, ended: [] })).toEqual([])
    expect(await checkInvariants(queen.env.DATABASE_URL ?? '', { direct: true })).toEqual([])
    console.info(
      `seed ${seed}: ${script.deliveries.length} deliveries, ${api.requests.length} requests to Stripe so far`,
    )
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { appliedTypes } from '../../../bees/finance/event-types.ts'
import { type StripeApi, startStripeApi } from '../../../src/local/stripe/index.ts'
import { type HiveProcess, startHiveProcess } from '../../support/hive.ts'
import { adminQuery, until } from '../../support/index.ts'
import { stripeClient } from '../../support/stripe-client.ts'
import { history } from '../../world/index.ts'

const { world } = history(11, { actions: 14, accounts: [], thin: 1 })
let api: StripeApi
let hive: HiveProcess

beforeAll(async () => {
  api = await startStripeApi({ worlds: [world] })
  hive = await startHiveProcess({
    env: { BEES_LOG_LEVEL: 'warn', STRIPE_API_URL: api.url, STRIPE_SECRET_KEY: 'sk_test_twins' },
  })
}, 90_000)
afterAll(async () => {
  await hive?.close()
  await api?.close()
})

/** Those of the webhook: the hive has work of its own besides. */
const processes = `select state from colonies.processes where funcname = 'apply_stripe_event'`
const rows = (sql: string) => adminQuery(hive.env['DATABASE_URL'] ?? '', sql)

test('a real hive gets each event as a thin one and as a snapshot at once: one effect, and Stripe is right', {
  timeout: 120_000,
}, async () => {
  const handled = world.events().filter(({ type, object }) => appliedTypes.includes(type) && object !== null)
  expect(handled.length).toBeGreaterThan(20)
  const stripe = stripeClient(hive.url, hive.env['STRIPE_WEBHOOK_SECRET'] ?? '', 8)
  const answers = await Promise.all(
    handled
      .flatMap((event) => [event.thin(), event.snapshot()])
      .map((event) => stripe.post(event as unknown as { readonly id: string; readonly type: string })),
  )
  stripe.close()
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  await until(async () => (await rows(`${processes} and state in (0, 1)`)).length === 0, {
    timeoutMs: 90_000,
    intervalMs: 100,
    what: 'the end of all processes',
  })

  expect(new Set((await rows(processes)).map(({ state }) => state))).toEqual(new Set([2]))
  const events = await rows(`select id from finance.events where form <> 'synthetic'`)
  expect(events.map(({ id }) => id).sort()).toEqual(handled.map(({ id }) => id).sort())
  expect(await rows(`select id from finance.events where waits_for = 'stripe'`)).toEqual([])

  const final = world.final()
  const told = new Set(handled.map(({ object }) => object))
  const statusOf = (list: readonly { readonly id: string; readonly status: string }[]) =>
    Object.fromEntries(list.filter(({ id }) => told.has(id)).map(({ id, status }) => [id, status]))
  const stored = async (table: string) => statusOf((await rows(`select id, status from finance.${table}`)) as never)
  expect(await stored('subscriptions')).toEqual(statusOf(final.subscription))
  expect(await stored('payment_intents')).toEqual(statusOf(final.payment_intent))
  expect(await stored('refunds')).toEqual(statusOf(final.refund))
  expect(api.requests.filter(({ status }) => status !== 200)).toEqual([])
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventOf, invoiceOf } from '../bees/finance/stripe-events.ts'
import { type HiveProcess, startHiveProcess } from '../support/hive.ts'
import { adminQuery, until } from '../support/index.ts'
import { stripeClient } from '../support/stripe-client.ts'

const deliveries = 200
const connections = 50

let hive: HiveProcess
beforeAll(async () => {
  hive = await startHiveProcess({ env: { BEES_LOG_LEVEL: 'warn' } })
})
afterAll(() => hive?.close())

const rows = (sql: string) => adminQuery(hive.env.DATABASE_URL ?? '', sql)

it(`one event, ${deliveries} deliveries over ${connections} connections, one effect`, { timeout: 90_000 }, async () => {
  const event = eventOf('invoice.paid', invoiceOf({ id: 'in_one', customer: 'cus_one', amount_due: 4200 }))
  const stripe = stripeClient(hive.url, hive.env.STRIPE_WEBHOOK_SECRET ?? '', connections)
  const beganMs = performance.now()
  const answers = await Promise.all(Array.from({ length: deliveries }, () => stripe.post(event)))
  const answeredMs = performance.now() - beganMs
  stripe.close()
  expect(answers.filter(({ status }) => status < 200 || status > 299)).toEqual([])

  const processes = answers.flatMap(({ body }) => (typeof body.process === 'string' ? [body.process] : []))
  await until(
    async () => {
      const [open] = await rows('select count(*)::int as n from colonies.processes where state in (0, 1)')
      return open?.n === 0
    },
    { timeoutMs: 60_000, intervalMs: 50, what: 'the end of all processes' },
  )
  console.info(
    `${deliveries} deliveries answered in ${Math.round(answeredMs)} ms, settled after ${Math.round(performance.now() - beganMs)} ms; ` +
      `${processes.length} processes`,
  )
  expect(await rows('select count(*)::int as n from bees.ledger')).toEqual([{ n: 1 }])
  expect(await rows('select id, state from finance.events')).toEqual([{ id: event.id, state: 'parked' }])
  expect(await rows('select id, amount_paid::int from finance.payments')).toEqual([{ id: 'in_one', amount_paid: 4200 }])
  expect(await rows(`select distinct state from colonies.processes`)).toEqual([{ state: 2 }])
  // Each delivery has its own receipt, and one of them says that it was the one.
  expect(await rows('select outcome, count(*)::int as n from bees.receipts group by outcome order by outcome')).toEqual(
    [
      { outcome: 'applied', n: 1 },
      { outcome: 'replayed', n: deliveries - 1 },
    ],
  )
})

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Told } from '../../../bees/finance/facts.ts'
import type { Take, Taken } from '../../../bees/finance/steps.ts'
import { until } from '../../support/index.ts'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { epochS, stripeId } from './stripe-ids.ts'
import { at, chargeTold, invoiceTold, refundTold, snapshot, subscriptionTold, thin, wordOf } from './take-payloads.ts'

let db: FinanceDatabase
let first: pg.Client
let second: pg.Client
const call = JSON.stringify({ process: 'a'.repeat(64), input_digest: 'b'.repeat(64) })

beforeAll(async () => {
  db = await financeDatabase()
  first = new pg.Client({ connectionString: db.url })
  second = new pg.Client({ connectionString: db.url })
  await Promise.all([first.connect(), second.connect()])
})
afterAll(async () => {
  await Promise.all([first.end(), second.end()])
  await db.close()
})

const take = async (client: pg.Client, payload: Take): Promise<Taken> =>
  (await client.query('select finance.take($1, $2) as taken', [JSON.stringify(payload), call])).rows[0].taken

/** Two at once, as slow as can be: the second one begins when the first has done its work and commits when it waits. */
async function overlap(one: Take, other: Take): Promise<readonly [Taken, Taken]> {
  const [{ pid } = {}] = (await second.query('select pg_backend_pid() as pid')).rows
  await first.query('begin')
  const ours = await take(first, one)
  const theirs = take(second, other)
  await until(
    async () => {
      const waits = `select 1 from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`
      return (await db.rows(waits, [pid])).length > 0
    },
    { timeoutMs: 10_000, what: 'the second transaction to wait for the first' },
  )
  await first.query('commit')
  return [ours, await theirs]
}

const t = epochS

const sessionTold = (customer: string, user: string, subscription: string): Told => ({
  kind: 'checkout_session',
  customer,
  must_read: false,
  fact: {
    ...{ id: stripeId('cs_test'), made_at: at(t), mode: 'subscription', status: 'complete', payment_status: 'paid' },
    ...{ subscription, user_id: user, payment_intent: null, invoice: null, amount_total: 1900, currency: 'usd' },
  },
})

const item = {
  ...{ id: 'si_1', price: 'price_1', product: null, lookup_key: 'pro', quantity: 1, unit_amount: 1900 },
  ...{ currency: 'usd', period_start: at(t), period_end: at(t + 9_000_000) },
}

test('twins: the second gets the outcome of the first, whatever it came to tell', async () => {
  const told = subscriptionTold(stripeId('sub'), { customer: stripeId('cus') })
  const event = snapshot(t, told)
  const twin: Take = { ...thin(t, told), head: { ...event.head, form: 'thin' } }
  const [ours, theirs] = await overlap(event, twin)
  expect(ours).toMatchObject({ decision: 'done', changed: true })
  expect(theirs).toEqual({ ...ours, changed: false })
})

test('an object without a customer: the older event finds what the newer one has written', async () => {
  const [refund, charge] = [stripeId('re'), stripeId('ch')]
  const [ours, theirs] = await overlap(
    snapshot(t + 1, refundTold(refund, charge, { status: 'succeeded' })),
    snapshot(t, refundTold(refund, charge, { status: 'pending' })),
  )
  expect([wordOf(ours), wordOf(theirs)]).toEqual(['applied', 'stale'])
  expect(await db.one('select status from finance.refunds where id = $1', [refund])).toEqual({ status: 'succeeded' })
})

test('a subscription and the link of its customer: nothing stays parked', async () => {
  const [id, customer, user] = [stripeId('sub'), stripeId('cus'), stripeId('user')]
  const [ours, theirs] = await overlap(
    snapshot(t, subscriptionTold(id, { customer, items: [item] })),
    snapshot(t, sessionTold(customer, user, id)),
  )
  expect(ours).toMatchObject({ outcome: { state: 'parked', waits_for: 'user' } })
  expect(theirs).toMatchObject({ outcome: { state: 'applied', unparked: 1, entitlement: { entitled: true } } })
})

test('two customers of one user: the later one sees what the earlier one has', async () => {
  const [user, a, b] = [stripeId('user'), stripeId('sub'), stripeId('sub')]
  const [one, other] = [stripeId('cus'), stripeId('cus')]
  await take(first, snapshot(t, sessionTold(one, user, a)))
  await take(first, snapshot(t, sessionTold(other, user, b)))
  const late = { ...item, lookup_key: 'team', period_end: at(t + 99_000_000) }
  const [, theirs] = await overlap(
    snapshot(t, subscriptionTold(a, { customer: one, items: [late] })),
    snapshot(t, subscriptionTold(b, { customer: other, items: [item] })),
  )
  expect(theirs).toMatchObject({ outcome: { entitlement: { entitled: true, plan: 'team' } } })
})

test('a dispute and what connects it to a subscription', async () => {
  await db.rows(`insert into finance.policies values ('self', false, '7 days', 'revoke_when_lost')`)
  const [id, customer, user, charge, invoice] = ['sub', 'cus', 'user', 'ch', 'in'].map(stripeId) as [
    string,
    string,
    string,
    string,
    string,
  ]
  await take(first, snapshot(t, sessionTold(customer, user, id)))
  await take(first, snapshot(t, subscriptionTold(id, { customer, items: [item] })))
  await take(first, snapshot(t, invoiceTold(invoice, { customer, subscription: id, status: 'paid' })))
  const dispute: Told = {
    kind: 'dispute',
    customer: null,
    must_read: false,
    fact: {
      ...{ id: stripeId('dp'), made_at: at(t), charge, payment_intent: null, status: 'lost', reason: null },
      ...{ amount: 100, currency: 'usd', balance: -100 },
    },
  }
  const [, theirs] = await overlap(snapshot(t, dispute), snapshot(t, chargeTold(charge, customer, { invoice })))
  expect(theirs).toMatchObject({ outcome: { entitlement: { entitled: false } } })
})

test('whoever waits too long for another gives up, without a trace', async () => {
  const told = subscriptionTold(stripeId('sub'), { customer: stripeId('cus') })
  const event = snapshot(t + 1, told)
  await first.query('begin')
  await take(first, snapshot(t, told))
  await second.query(`set lock_timeout = '100ms'`)
  await expect(take(second, event)).rejects.toMatchObject({ code: '55P03' })
  await first.query('commit')
  expect(await db.rows('select 1 from finance.events where id = $1', [event.head.event])).toEqual([])
  expect(wordOf(await take(second, event))).toBe('same')
})

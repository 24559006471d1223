import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Told } from '../../../bees/finance/facts.ts'
import type { Take, Taken } from '../../../bees/finance/steps.ts'
import { migrate } from '../../../src/local/migrate.ts'
import { createEmptyDatabase, fastFolder, type TestDatabase } from '../../support/index.ts'
import { dayS, epochS } from './stripe-ids.ts'
import { at, chargeTold, invoiceTold, refundTold, snapshot, subscriptionTold, wordOf } from './take-payloads.ts'

const migrations = fileURLToPath(new URL('../../../supabase/migrations/', import.meta.url))
/** The last one before objects had tables of their own. */
const last = '20261122020008'

let database: TestDatabase
let client: pg.Client
let folder: string

const rows = async (sql: string, values: readonly unknown[] = []) => (await client.query(sql, [...values])).rows
const one = async (sql: string, values?: readonly unknown[]) => {
  const [first, ...more] = await rows(sql, values)
  if (first === undefined || more.length > 0) throw new Error(`expected one row: ${sql}`)
  return first
}

const call = JSON.stringify({ process: 'a'.repeat(64), input_digest: 'b'.repeat(64) })
let serial = 0

/** As the bee of that time handed it in. */
const applyOld = (kind: string, customer: string | null, created: number, fact: object) =>
  rows(`select bee_tasks.finance__apply_stripe_event($1, $2)`, [
    JSON.stringify({
      account: 'self',
      livemode: false,
      event: `evt_old_${++serial}`,
      type: 'made.by_hand',
      created_at: at(created),
      api_version: null,
      customer,
      kind,
      fact,
    }),
    call,
  ])

const take = async (payload: Take): Promise<Taken> =>
  (await one('select finance.take($1, $2) as taken', [JSON.stringify(payload), call])).taken as Taken

const oldSubscription = (id: string, status: string) => ({
  id,
  deleted: false,
  status,
  currency: 'usd',
  cancel_at_period_end: false,
  collection_paused: false,
  items_complete: true,
  items: [
    {
      id: `${id}_item`,
      price: 'price_a',
      lookup_key: 'pro',
      quantity: 1,
      period_start: at(epochS),
      period_end: at(epochS + 30 * dayS),
    },
  ],
})

const oldInvoice = (id: string, status: string) => ({
  ...{ id, source: 'invoice', subscription: 'sub_a', payment_intent: 'pi_a', charge: 'ch_a', status, currency: 'usd' },
  ...{ amount_due: 5000, amount_paid: status === 'paid' ? 5000 : 0, paid_at: status === 'paid' ? at(epochS) : null },
})

const oldSession = (id: string, parts: object) => ({
  ...{ id, mode: 'subscription', payment_status: 'paid', amount_total: 5000, currency: 'usd', user_id: 'user_a' },
  ...parts,
})

beforeAll(async () => {
  database = await createEmptyDatabase()
  folder = await fastFolder('colony-bees-upgrade-')
  for (const name of await readdir(migrations)) {
    if (name.slice(0, last.length) <= last) await copyFile(join(migrations, name), join(folder, name))
  }
  await migrate(database.url, { dir: folder })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()

  await applyOld('checkout', 'cus_a', epochS, oldSession('cs_a', { subscription: 'sub_a' }))
  await applyOld('subscription', 'cus_a', epochS + 1, oldSubscription('sub_a', 'past_due'))
  await applyOld('payment', 'cus_a', epochS + 1, oldInvoice('in_a', 'paid'))
  await applyOld('charge', 'cus_a', epochS + 2, {
    ...{ id: 'ch_a', payment_intent: 'pi_a', amount: 5000, amount_refunded: 1200, currency: 'usd' },
    refunds: [{ id: 're_a', amount: 1200, status: 'succeeded', currency: 'usd', refunded_at: at(epochS + 2) }],
  })
  await applyOld('subscription', 'cus_a', epochS + 3, oldSubscription('sub_gone', 'canceled'))
  await applyOld('checkout', 'cus_a', epochS + 4, oldSession('cs_b', { mode: 'payment', payment_intent: 'pi_b' }))
  await applyOld('subscription', 'cus_parked', epochS, oldSubscription('sub_parked', 'active'))
  await applyOld('customer_deleted', 'cus_deleted', epochS, {})

  await migrate(database.url)
})
afterAll(async () => {
  await client.end()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

test('invoices are kept, payments of checkouts are told by their sessions', async () => {
  expect(await rows('select id, status, amount_paid from finance.invoices')).toEqual([
    { id: 'in_a', status: 'paid', amount_paid: '5000' },
  ])
  expect(await rows('select id, source, amount_paid from finance.payments order by id')).toEqual([
    { id: 'cs_b', source: 'checkout', amount_paid: '5000' },
    { id: 'in_a', source: 'invoice', amount_paid: '5000' },
  ])
  expect(await one(`select * from finance.payment_nets where id = 'in_a'`)).toMatchObject({
    amount_paid: '5000',
    amount_refunded: '1200',
    amount_lost: '0',
    amount_net: '3800',
  })
  expect(await one('select id, charge, made_at, amount from finance.refunds')).toEqual({
    id: 're_a',
    charge: 'ch_a',
    made_at: new Date((epochS + 2) * 1000),
    amount: '1200',
  })
})

test('guards go on from the events that were applied last', async () => {
  const guards = await rows(
    `select object, extract(epoch from lo)::int as lo, lo = hi as same, rank, customer from finance.object_guards order by 1`,
  )
  expect(guards).toEqual([
    { object: 'ch_a', lo: epochS + 2, same: true, rank: null, customer: 'cus_a' },
    { object: 'cs_a', lo: epochS, same: true, rank: 2, customer: 'cus_a' },
    { object: 'cs_b', lo: epochS + 4, same: true, rank: 2, customer: 'cus_a' },
    { object: 'cus_deleted', lo: epochS, same: true, rank: 1, customer: 'cus_deleted' },
    { object: 'in_a', lo: epochS + 1, same: true, rank: 3, customer: 'cus_a' },
    { object: 're_a', lo: epochS + 2, same: true, rank: 0, customer: 'cus_a' },
    { object: 'sub_a', lo: epochS + 1, same: true, rank: 1, customer: 'cus_a' },
    { object: 'sub_gone', lo: epochS + 3, same: true, rank: 2, customer: 'cus_a' },
    { object: 'sub_parked', lo: epochS, same: true, rank: 1, customer: 'cus_parked' },
  ])
})

test('older events are stale, ended subscriptions stay so, one of the same second is asked about', async () => {
  const customer = 'cus_a'
  const words: string[] = []
  for (const payload of [
    snapshot(epochS, subscriptionTold('sub_a', { customer })),
    snapshot(epochS + 1, subscriptionTold('sub_a', { customer })),
    snapshot(epochS + 9, subscriptionTold('sub_gone', { customer })),
    snapshot(epochS + 9, invoiceTold('in_a', { customer, status: 'open' })),
    snapshot(epochS + 2, chargeTold('ch_a', customer, {})),
    snapshot(epochS + 3, refundTold('re_a', 'ch_a', { status: 'failed', amount: 1200 })),
  ])
    words.push(wordOf(await take(payload)))
  expect(words).toEqual(['stale', 'read', 'stale', 'stale', 'read', 'applied'])
  // The running total is older than the failure, and of the same refund.
  expect(await one(`select amount_net from finance.payment_nets where id = 'in_a'`)).toEqual({ amount_net: '5000' })
})

test('what was parked is taken up by the link', async () => {
  expect(await rows(`select customer, waits_for, form from finance.events where state = 'parked'`)).toEqual([
    { customer: 'cus_parked', waits_for: 'user', form: 'snapshot' },
  ])
  const fact = {
    ...{ id: 'cs_parked', made_at: at(epochS), mode: 'subscription', status: 'complete', payment_status: 'paid' },
    ...{ subscription: 'sub_parked', user_id: 'user_parked', payment_intent: null, invoice: null },
    ...{ amount_total: 1, currency: 'usd' },
  }
  const told = { kind: 'checkout_session', customer: 'cus_parked', must_read: false, fact } as const
  expect(await take(snapshot(epochS + 9, told))).toMatchObject({
    outcome: { state: 'applied', unparked: 1, entitlement: { entitled: true, plan: 'pro' } },
  })
})

test('the user keeps the link, and the grace is that of the period', async () => {
  expect(await one(`select entitled_until, status from finance.user_profiles where user_id = 'user_a'`)).toEqual({
    status: 'past_due',
    entitled_until: new Date((epochS + 7 * dayS) * 1000),
  })
})

test('a customer that was deleted stays so', async () => {
  const told: Told = {
    kind: 'customer',
    customer: 'cus_deleted',
    must_read: false,
    fact: { id: 'cus_deleted', made_at: at(epochS), deleted: false, delinquent: true, currency: null },
  }
  expect(wordOf(await take(snapshot(epochS + 5, told)))).toBe('stale')
})

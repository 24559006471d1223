import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { epochS, stripeId } from './stripe-ids.ts'
import {
  chargeTold,
  invoiceTold,
  orderOf,
  readOf,
  refundTold,
  snapshot,
  take,
  thin,
  withReads,
} from './take-payloads.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

const t = epochS

/** A charge that is what remains of a payment of 1000, with two refunds. */
function payment() {
  const [customer, charge, invoice] = [stripeId('cus'), stripeId('ch'), stripeId('in')]
  const [r1, r2] = [stripeId('re'), stripeId('re')]
  const paid = invoiceTold(invoice, { customer, status: 'paid', amount_paid: 1000, charge })
  const says = (amount_refunded: number) => chargeTold(charge, customer, { amount_refunded, invoice })
  const net = () =>
    db.one('select amount_refunded::int as refunded, amount_net::int as net from finance.payment_nets where id = $1', [
      invoice,
    ])
  const refunds = async () =>
    Object.fromEntries(
      (await db.rows('select id, status from finance.refunds where charge = $1', [charge])).map((row) => [
        row['id'],
        row['status'],
      ]),
    )
  return { customer, charge, invoice, r1, r2, paid, says, net, refunds }
}

describe('an event that speaks of several objects', () => {
  test('is applied as a whole, each object by its own guard', async () => {
    const { charge, r1, r2, paid, says, net, refunds } = payment()
    await take(db, snapshot(t, paid))
    await take(db, snapshot(t + 5, refundTold(r1, charge, { status: 'failed' })))
    // It is older than the failure, and newer than what is known of the charge and the other refund.
    const both = [refundTold(r1, charge, {}), refundTold(r2, charge, {})]
    expect(await take(db, snapshot(t + 2, says(200), ...both))).toBe('applied')
    expect(await refunds()).toEqual({ [r1]: 'failed', [r2]: 'succeeded' })
    expect(await net()).toEqual({ refunded: 100, net: 900 })
  })

  test('is not applied at all where one object needs a read; all get tickets', async () => {
    const { charge, r1, r2, says, refunds } = payment()
    await take(db, snapshot(t, refundTold(r1, charge, { amount: 100 })))
    const event = snapshot(t, says(200), refundTold(r1, charge, { amount: 101 }), refundTold(r2, charge, {}))
    const order = orderOf(await db.take(event))
    expect(order).toMatchObject({ kind: 'charge', object: charge, tickets: { [charge]: 1, [r1]: 1, [r2]: 1 } })
    expect(await refunds()).toEqual({ [r1]: 'succeeded' })
    expect(await db.rows('select 1 from finance.charges where id = $1', [charge])).toEqual([])
    const shown = readOf(
      order,
      { date: t + 1 },
      says(201),
      refundTold(r1, charge, { amount: 101 }),
      refundTold(r2, charge, {}),
    )
    expect(await take(db, withReads(event, shown))).toBe('applied')
    expect(await refunds()).toEqual({ [r1]: 'succeeded', [r2]: 'succeeded' })
    expect(await db.one('select amount::int from finance.refunds where id = $1', [r1])).toEqual({ amount: 101 })
  })

  test('what its reading does not show is read by itself', async () => {
    const { charge, r1, says, refunds } = payment()
    await take(db, snapshot(t, refundTold(r1, charge, { status: 'pending' })))
    const event = snapshot(t, says(100), refundTold(r1, charge, { status: 'succeeded' }))
    const first = readOf(orderOf(await db.take(event)), { date: t + 1 }, says(100))
    const taken = await db.take(withReads(event, first))
    if (taken.decision !== 'read') throw new Error('expected two orders')
    expect(taken.reads).toMatchObject([
      { kind: 'charge', object: charge },
      { kind: 'refund', object: r1, tickets: { [r1]: 2 } },
    ])
    const [one, other] = taken.reads
    if (one === undefined || other === undefined) throw new Error('expected two orders')
    const facts = [
      readOf(one, { date: t + 1 }, says(100)),
      readOf(other, { date: t + 1 }, refundTold(r1, charge, { status: 'succeeded' })),
    ]
    expect(await take(db, withReads(event, ...facts))).toBe('applied')
    expect(await refunds()).toEqual({ [r1]: 'succeeded' })
  })

  test('what comes along with a read is taken where nothing is known of it, and else left to its own events', async () => {
    const { charge, r1, r2, says, refunds } = payment()
    await take(db, snapshot(t, refundTold(r1, charge, { status: 'failed' })))
    const event = thin(t, says(200))
    const shown = readOf(
      orderOf(await db.take(event)),
      { date: t + 1 },
      says(200),
      refundTold(r1, charge, { status: 'succeeded' }),
      refundTold(r2, charge, { status: 'pending' }),
    )
    expect(await take(db, withReads(event, shown))).toBe('applied')
    expect(await refunds()).toEqual({ [r1]: 'failed', [r2]: 'pending' })
    // Its bounds are those of the read.
    expect(await take(db, snapshot(t - 3, refundTold(r2, charge, { status: 'requires_action' })))).toBe('stale')
    expect(await take(db, snapshot(t + 4, refundTold(r2, charge, { status: 'requires_action' })))).toBe('read')
    expect(await take(db, snapshot(t + 5, refundTold(r2, charge, { status: 'succeeded' })))).toBe('applied')
  })

  test('objects of two customers are one transaction', async () => {
    const [a, b] = [payment(), payment()]
    expect(await take(db, snapshot(t, a.says(0), b.says(0)))).toBe('applied')
    const customers = await db.rows('select id from finance.customers where id = any($1) order by 1', [
      [a.customer, b.customer],
    ])
    expect(customers.map(({ id }) => id)).toEqual([a.customer, b.customer].sort())
  })

  test('the customer is known from the charge where the object does not name one', async () => {
    const { customer, charge, r1, says } = payment()
    await take(db, snapshot(t, says(0)))
    const taken = await db.take(snapshot(t, refundTold(r1, charge, {})))
    expect(taken).toMatchObject({ outcome: { state: 'parked', waits_for: 'user' } })
    expect(await db.one('select customer from finance.refunds where id = $1', [r1])).toEqual({ customer })
    // And of a thin event from the row, once there is one.
    const event = thin(t + 9, refundTold(r1, charge, {}))
    const shown = readOf(orderOf(await db.take(event)), { date: t + 9 }, refundTold(r1, charge, { amount: 7 }))
    expect(await db.take(withReads(event, shown))).toMatchObject({ outcome: { waits_for: 'user' } })
  })
})

test('to which invoice a charge belongs stays known, though newer shapes do not tell', async () => {
  const { invoice, charge, customer, says } = payment()
  await take(db, snapshot(t, says(0)))
  await take(db, snapshot(t + 1, chargeTold(charge, customer, { amount_refunded: 10 })))
  const row = await db.one('select invoice, amount_refunded from finance.charges where id = $1', [charge])
  expect(row).toEqual({ invoice, amount_refunded: '10' })
})

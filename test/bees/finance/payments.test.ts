import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../../support/index.ts'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import {
  chargeOf,
  checkoutOf,
  disputeOf,
  epochS,
  eventOf,
  invoiceOf,
  paymentIntentOf,
  refundOf,
  type SentEvent,
  type Shape,
  shapes,
  stripeId,
} from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

const netOf = async (id: string) => {
  const { currency, amount_paid, amount_refunded, amount_lost, amount_withheld, amount_net } = await db.one(
    'select * from finance.payment_nets where id = $1',
    [id],
  )
  const amounts = { amount_paid, amount_refunded, amount_lost, amount_withheld, amount_net }
  const numbers = Object.entries(amounts).map(([name, amount]) => [name.slice('amount_'.length), Number(amount)])
  return { currency, ...Object.fromEntries(numbers) }
}

/** The payments of a customer, by id. */
const paymentsOf = async (customer: string) =>
  (await db.rows('select id from finance.payments where customer = $1 order by id', [customer])).map(({ id }) => id)

/** A paid invoice with its charge and payment intent, in events. */
function paid(amount: number, shape: Shape, currency = 'usd') {
  const [customer, invoice, intent, charge] = ['cus', 'in', 'pi', 'ch'].map(stripeId) as [
    string,
    string,
    string,
    string,
  ]
  const ids = { id: charge, customer, amount, payment_intent: intent, invoice, currency }
  const chargeEvent = (
    type: string,
    created: number,
    amount_refunded: number,
    refunds?: Parameters<typeof chargeOf>[0]['refunds'],
  ) =>
    eventOf(type, chargeOf({ ...ids, amount_refunded, ...(refunds === undefined ? {} : { refunds }) }, shape), {
      created,
      shape,
    })
  const events: SentEvent[] = [
    eventOf(
      'invoice.paid',
      invoiceOf({ id: invoice, customer, amount_due: amount, payment_intent: intent, charge, currency }, shape),
      { shape },
    ),
    eventOf(
      'payment_intent.succeeded',
      paymentIntentOf({ id: intent, customer, amount, charge, currency, invoice }, shape),
      { shape },
    ),
    chargeEvent('charge.succeeded', epochS, 0),
  ]
  const refundEvent = (type: string, created: number, parts: Parameters<typeof refundOf>[0]) =>
    eventOf(type, refundOf({ charge, payment_intent: intent, currency, ...parts }), { created, shape })
  const disputeEvent = (type: string, created: number, parts: Omit<Parameters<typeof disputeOf>[0], 'charge'>) =>
    eventOf(type, disputeOf({ charge, payment_intent: intent, currency, ...parts }), { created, shape })
  return { customer, invoice, intent, charge, events, chargeEvent, refundEvent, disputeEvent }
}

describe.each(shapes)('in the %s shape', (shape) => {
  test('an invoice, its payment intent and its charge are one payment, in whatever order they come', async () => {
    const random = seededRandom()
    for (let round = 0; round < 10; round += 1) {
      const { events, customer, invoice } = paid(1900, shape)
      await db.applyAll(...random.shuffle(events))
      expect(await paymentsOf(customer)).toEqual([invoice])
      expect(await netOf(invoice)).toMatchObject({ paid: 1900, refunded: 0, net: 1900 })
    }
  })

  test('three partial refunds of which one fails later', async () => {
    const random = seededRandom()
    for (let round = 0; round < 10; round += 1) {
      const { events, invoice, chargeEvent, refundEvent } = paid(5000, shape)
      const refunds = [1200, 300, 500].map((amount, index) => ({
        id: stripeId('re'),
        amount,
        created: epochS + 10 * (index + 1),
      }))
      const told = refunds.flatMap((one, index) => [
        chargeEvent('charge.refunded', one.created, [1200, 1500, 2000][index] ?? 0, refunds.slice(0, index + 1)),
        refundEvent('refund.created', one.created, one),
      ])
      const [first, second, third] = refunds
      if (first === undefined || second === undefined || third === undefined) throw new Error('three refunds')
      const failed = refundEvent('refund.failed', epochS + 100, {
        ...second,
        status: 'failed',
        failure_reason: 'lost_or_stolen_card',
      })
      await db.applyAll(...random.shuffle([...events, ...told, failed]))
      expect(await netOf(invoice)).toMatchObject({ paid: 5000, refunded: 1700, net: 3300 })
      // And where the charge tells its new total as well.
      await db.apply(chargeEvent('charge.updated', epochS + 101, 1700))
      expect(await netOf(invoice)).toMatchObject({ refunded: 1700, net: 3300 })
    }
  })

  test('a dispute that is lost on a partially refunded charge', async () => {
    const { events, invoice, chargeEvent, disputeEvent } = paid(5000, shape)
    const refund = { id: stripeId('re'), amount: 2000 }
    const id = stripeId('dp')
    await db.applyAll(...events, chargeEvent('charge.refunded', epochS + 1, 2000, [refund]))
    await db.apply(disputeEvent('charge.dispute.created', epochS + 2, { id, amount: 3000, moved: [] }))
    expect(await netOf(invoice)).toMatchObject({ refunded: 2000, withheld: 0, lost: 0, net: 3000 })
    await db.apply(disputeEvent('charge.dispute.funds_withdrawn', epochS + 3, { id, amount: 3000, moved: [-3000] }))
    expect(await netOf(invoice)).toMatchObject({ refunded: 2000, withheld: 3000, lost: 0, net: 3000 })
    await db.apply(
      disputeEvent('charge.dispute.closed', epochS + 4, { id, amount: 3000, moved: [-3000], status: 'lost' }),
    )
    expect(await netOf(invoice)).toMatchObject({ refunded: 2000, withheld: 0, lost: 3000, net: 0 })
  })

  test('a dispute that is won, and one that is an inquiry: nothing is lost', async () => {
    const { events, invoice, disputeEvent } = paid(5000, shape)
    await db.applyAll(
      ...events,
      disputeEvent('charge.dispute.created', epochS + 1, {
        id: stripeId('dp'),
        amount: 4000,
        moved: [],
        status: 'warning_needs_response',
      }),
      disputeEvent('charge.dispute.closed', epochS + 2, {
        id: stripeId('dp'),
        amount: 5000,
        moved: [-5000, 5000],
        status: 'won',
      }),
    )
    expect(await netOf(invoice)).toMatchObject({ withheld: 0, lost: 0, net: 5000 })
  })

  test.each([
    ['jpy', 1200, 1],
    ['kwd', 12_340, 10],
    ['usd', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1],
  ])('%s %i less %i: minor units, untouched', async (currency, amount, back) => {
    const { events, invoice, chargeEvent } = paid(amount, shape, currency)
    await db.applyAll(
      ...events,
      chargeEvent('charge.refunded', epochS + 1, back, [{ id: stripeId('re'), amount: back, currency }]),
    )
    expect(await netOf(invoice)).toEqual({
      currency,
      paid: amount,
      refunded: back,
      lost: 0,
      withheld: 0,
      net: amount - back,
    })
  })
})

test('refunds of which only the running total has told count once they are known too', async () => {
  const { events, invoice, chargeEvent, refundEvent } = paid(5000, 'new')
  await db.applyAll(...events, chargeEvent('charge.refunded', epochS + 1, 700))
  expect(await netOf(invoice)).toMatchObject({ refunded: 700 })
  await db.apply(refundEvent('refund.created', epochS + 1, { id: stripeId('re'), amount: 700 }))
  expect(await netOf(invoice)).toMatchObject({ refunded: 700 })
  // One that has come before the charge's new total counts at once.
  await db.apply(refundEvent('refund.created', epochS + 2, { id: stripeId('re'), amount: 200 }))
  expect(await netOf(invoice)).toMatchObject({ refunded: 900, net: 4100 })
})

test('of a one-off payment the checkout tells first, then the payment intent', async () => {
  const [customer, user, intent] = [stripeId('cus'), stripeId('user'), stripeId('pi')]
  const session = checkoutOf({ customer, user, mode: 'payment', payment_intent: intent, amount_total: 700 })
  await db.apply(eventOf('checkout.session.completed', session))
  expect(await paymentsOf(customer)).toEqual([session['id']])
  await db.apply(eventOf('payment_intent.succeeded', paymentIntentOf({ id: intent, customer, amount: 700 })))
  expect(await paymentsOf(customer)).toEqual([intent])
  expect(await netOf(intent)).toMatchObject({ paid: 700, net: 700 })
})

test('a payment intent that failed is a payment of nothing', async () => {
  const [customer, intent] = [stripeId('cus'), stripeId('pi')]
  const failed = paymentIntentOf({ id: intent, customer, amount: 700, status: 'requires_payment_method' })
  await db.apply(eventOf('payment_intent.payment_failed', failed))
  expect(await netOf(intent)).toMatchObject({ paid: 0, net: 0 })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { cast, changeOf, date, linkOf, profileOf, stateOf } from './stories.ts'
import {
  chargeOf,
  checkoutOf,
  dayS,
  deletedCustomerOf,
  epochS,
  eventOf,
  invoiceOf,
  shapes,
  stripeId,
} from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

describe.each(shapes)('in the %s shape', (shape) => {
  test('a subscription is created, updated and deleted', async () => {
    const all = cast()
    const item = { id: stripeId('si') }
    await db.apply(linkOf(all))
    await db.apply(changeOf({ ...all, status: 'trialing', items: [item] }, epochS + 1, shape, 'created'))
    expect(await profileOf(db, all.user)).toMatchObject({
      entitled: true,
      plan: 'pro',
      status: 'trialing',
      subscription: all.id,
      customer: all.customer,
      entitled_until: date(epochS + 30 * dayS),
    })
    await db.apply(changeOf({ ...all, items: [{ ...item, periodEnd: epochS + 60 * dayS }] }, epochS + 2, shape))
    expect(await profileOf(db, all.user)).toMatchObject({ status: 'active', entitled_until: date(epochS + 60 * dayS) })
    const { output } = await db.apply(
      changeOf({ ...all, status: 'canceled', items: [item] }, epochS + 3, shape, 'deleted'),
    )
    expect(output.entitlement).toMatchObject({ entitled: false, plan: null, status: 'canceled', until: null })
    expect(await profileOf(db, all.user)).toMatchObject({
      entitled: false,
      plan: null,
      status: 'canceled',
      entitled_until: null,
    })
  })

  test('an invoice is paid; payment_succeeded tells of the same payment', async () => {
    const all = cast()
    const parts = { id: stripeId('in'), customer: all.customer, subscription: all.id, payment_intent: stripeId('pi') }
    for (const type of ['invoice.paid', 'invoice.payment_succeeded']) {
      await db.apply(eventOf(type, invoiceOf({ ...parts, charge: 'ch_x' }, shape), { shape }))
    }
    // Where the invoice itself does not say what paid it, its payments do.
    const ways =
      'select distinct payment_intent from finance.payment_ways where payment = $1 and payment_intent is not null'
    expect(await db.rows(ways, [parts.id])).toEqual([{ payment_intent: parts.payment_intent }])
    expect(await db.rows('select * from finance.payments where id = $1', [parts.id])).toMatchObject([
      {
        source: 'invoice',
        status: 'paid',
        amount_due: '1900',
        amount_paid: '1900',
        currency: 'usd',
        subscription: all.id,
        paid_at: date(epochS),
      },
    ])
  })

  test('a payment fails and recovers', async () => {
    const all = cast()
    const id = stripeId('in')
    const failed = { id, customer: all.customer, status: 'open', nextAttempt: epochS + dayS }
    await db.apply(eventOf('invoice.payment_failed', invoiceOf(failed, shape), { shape }))
    expect(await db.one('select * from finance.payments where id = $1', [id])).toMatchObject({
      status: 'open',
      amount_paid: '0',
      paid_at: null,
      next_attempt_at: date(epochS + dayS),
    })
    await db.apply(
      eventOf('invoice.paid', invoiceOf({ id, customer: all.customer, attempt_count: 2 }, shape), {
        created: epochS + 9,
        shape,
      }),
    )
    expect(await db.one('select * from finance.payments where id = $1', [id])).toMatchObject({
      status: 'paid',
      attempt_count: '2',
      amount_paid: '1900',
      next_attempt_at: null,
    })
  })

  test('a charge is refunded in parts; the running total counts, not the number of events', async () => {
    const all = cast()
    const [charge, intent, invoice] = [stripeId('ch'), stripeId('pi'), stripeId('in')]
    const paid = { id: invoice, customer: all.customer, amount_due: 5000, payment_intent: intent }
    await db.apply(eventOf('invoice.paid', invoiceOf(paid, shape), { shape }))
    const parts = { id: charge, customer: all.customer, amount: 5000, payment_intent: intent, invoice }
    const refunds = [
      { id: stripeId('re'), amount: 1200 },
      { id: stripeId('re'), amount: 300 },
    ]
    const first = { ...parts, amount_refunded: 1200, refunds: refunds.slice(0, 1) }
    const second = { ...parts, amount_refunded: 1500, refunds }
    await db.apply(eventOf('charge.refunded', chargeOf(second, shape), { created: epochS + 2, shape }))
    const late = await db.apply(eventOf('charge.refunded', chargeOf(first, shape), { created: epochS + 1, shape }))
    expect(late.output.state).toBe('stale')
    expect(await db.one('select * from finance.payment_nets where id = $1', [invoice])).toMatchObject({
      amount_paid: '5000',
      amount_refunded: '1500',
      amount_net: '3500',
    })
    expect(await db.rows('select id, amount from finance.refunds where charge = $1 order by amount', [charge])).toEqual(
      [
        { id: refunds[1]?.id, amount: '300' },
        { id: refunds[0]?.id, amount: '1200' },
      ],
    )
  })
})

describe('checkout', () => {
  test('metadata.user_id names the user where client_reference_id does not', async () => {
    const all = cast()
    const session = checkoutOf({ customer: all.customer, metadataUser: all.user, subscription: all.id })
    await db.applyAll(changeOf(all), eventOf('checkout.session.completed', session))
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: true, customer: all.customer })
  })

  test('an unpaid one links but grants nothing until the invoice is paid', async () => {
    const all = cast()
    const session = checkoutOf({
      customer: all.customer,
      user: all.user,
      subscription: all.id,
      payment_status: 'unpaid',
    })
    await db.applyAll(eventOf('checkout.session.completed', session), changeOf(all))
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: false, status: 'active' })
    const paid = invoiceOf({ id: stripeId('in'), customer: all.customer, subscription: all.id })
    const { output } = await db.apply(eventOf('invoice.paid', paid))
    expect(output.entitlement?.entitled).toBe(true)
  })

  test('no_payment_required grants, an unknown payment status does not', async () => {
    for (const [payment_status, entitled] of [
      ['no_payment_required', true],
      ['promised', false],
    ] as const) {
      const all = cast()
      const session = checkoutOf({ customer: all.customer, user: all.user, subscription: all.id, payment_status })
      await db.applyAll(changeOf(all), eventOf('checkout.session.completed', session))
      expect((await profileOf(db, all.user))['entitled']).toBe(entitled)
    }
  })

  test('a guest buys once: a payment, no customer, no profile', async () => {
    const session = checkoutOf({ customer: null, mode: 'payment', payment_intent: stripeId('pi'), amount_total: 700 })
    const { output } = await db.apply(eventOf('checkout.session.completed', session))
    expect(output).toMatchObject({ state: 'applied', entitlement: null })
    expect(await db.one('select * from finance.payments where id = $1', [session['id']])).toMatchObject({
      source: 'checkout',
      customer: null,
      status: 'paid',
      amount_paid: '700',
    })
  })

  test('a one-off payment with an invoice is counted once, at the invoice', async () => {
    const { customer, user } = cast()
    const session = checkoutOf({ customer, user, mode: 'payment', invoice: stripeId('in') })
    await db.apply(eventOf('checkout.session.completed', session))
    expect(await db.rows('select * from finance.payments where customer = $1', [customer])).toEqual([])
  })

  test('without a user it stays parked', async () => {
    const { customer } = cast()
    const { output } = await db.apply(eventOf('checkout.session.completed', checkoutOf({ customer })))
    expect(output.state).toBe('parked')
  })

  test('a customer who moves to another user takes the entitlement along', async () => {
    const all = cast()
    const other = stripeId('user')
    await db.applyAll(changeOf(all), linkOf(all), linkOf({ ...all, user: other }, epochS + 1))
    expect((await profileOf(db, all.user))['entitled']).toBe(false)
    expect(await profileOf(db, other)).toMatchObject({ entitled: true, customer: all.customer })
    const late = await db.apply(linkOf(all, epochS - 1))
    expect(late.output.entitlement?.entitled).toBe(true)
    expect((await profileOf(db, all.user))['entitled']).toBe(false)
  })
})

describe('parked', () => {
  test('facts of an unknown customer are kept and taken up in the commit of the link', async () => {
    const all = cast()
    const paid = eventOf(
      'invoice.paid',
      invoiceOf({ id: stripeId('in'), customer: all.customer, subscription: all.id }),
    )
    const events = [
      changeOf({ ...all, status: 'incomplete' }, epochS, 'new', 'created'),
      changeOf(all, epochS + 1),
      paid,
    ]
    for (const { output } of await db.applyAll(...events)) {
      expect(output).toMatchObject({ state: 'parked', entitlement: null })
    }
    expect(await db.rows('select * from finance.subscriptions where id = $1', [all.id])).toHaveLength(1)
    const link = linkOf(all)
    const { output } = await db.apply(link)
    expect(output).toMatchObject({ state: 'applied', unparked: 3, entitlement: { entitled: true, plan: 'pro' } })
    for (const event of events) {
      expect(await db.one('select * from finance.events where id = $1', [event.id])).toMatchObject({
        state: 'applied',
        unparked_by: link.id,
      })
    }
    const [{ linked, stored } = {}] = await db.rows(
      `select (select xmin::text from finance.events where id = $1) as linked,
              (select xmin::text from finance.user_profiles where user_id = $2) as stored`,
      [events[0]?.id, all.user],
    )
    expect(linked).toBe(stored)
  })
})

describe('a deleted customer', () => {
  test('loses user and entitlement; later events of it are kept and change nothing', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf(all))
    const { output } = await db.apply(
      eventOf('customer.deleted', deletedCustomerOf(all.customer), { created: epochS + 10 }),
    )
    expect(output).toMatchObject({ state: 'applied', entitlement: { entitled: false, plan: null } })
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: false, customer: null })
    for (const event of [changeOf(all, epochS + 11), linkOf(all, epochS + 9), linkOf(all, epochS + 12)]) {
      expect((await db.apply(event)).output.state).toBe('applied')
    }
    expect((await profileOf(db, all.user))['entitled']).toBe(false)
  })

  test('that nobody knew settles what was parked', async () => {
    const all = cast()
    const parked = changeOf(all)
    await db.apply(parked)
    const gone = await db.apply(eventOf('customer.deleted', deletedCustomerOf(all.customer), { created: epochS + 10 }))
    expect(gone.output.unparked).toBe(1)
    expect(await stateOf(db, parked)).toBe('applied')
  })
})

describe('what is final stays final, even within one second', () => {
  test('an ended subscription does not live again', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, status: 'canceled' }, epochS, 'new', 'deleted'))
    for (const created of [epochS, epochS + 1]) {
      const late = await db.apply(changeOf(all, created))
      expect(late.output).toMatchObject({ state: 'stale', entitlement: null })
    }
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: false, status: 'canceled' })
  })

  test('a paid invoice does not become unpaid', async () => {
    const parts = { id: stripeId('in'), customer: stripeId('cus') }
    await db.apply(eventOf('invoice.paid', invoiceOf(parts)))
    const late = await db.apply(eventOf('invoice.payment_failed', invoiceOf({ ...parts, status: 'open' })))
    expect(late.output.state).toBe('stale')
    expect(await db.one('select status from finance.payments where id = $1', [parts.id])).toEqual({ status: 'paid' })
  })

  test('otherwise an older event changes nothing, and one of the same second waits for Stripe', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, status: 'past_due' }, epochS + 5))
    expect((await db.apply(changeOf(all, epochS + 4))).output.state).toBe('stale')
    const { output, counts } = await db.apply(changeOf(all, epochS + 5))
    expect(output).toMatchObject({ state: 'parked', waits_for: 'stripe', entitlement: null })
    expect(counts).toEqual({ read: 1, parked: 1 })
    expect((await profileOf(db, all.user))['status']).toBe('past_due')
  })
})

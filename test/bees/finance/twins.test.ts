import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Desk, openDesk } from './desk.ts'
import { checkoutOf, epochS, eventOf, invoiceOf, stripeId, subscriptionOf, thinOf } from './stripe-events.ts'

const desk: Desk = await openDesk()
afterAll(() => desk.database.drop())
beforeEach(() => {
  desk.trouble = undefined
  desk.during = undefined
  desk.reads.length = 0
})

const eventsOf = (id: string) => desk.rows('select id, state, type from finance.events where id = $1', [id])
const paid = () => invoiceOf({ id: stripeId('in'), customer: stripeId('cus'), amount_due: 700 })

test.each(['thin first', 'snapshot first'])(
  '%s: the second changes nothing and says what the first did',
  async (order) => {
    const invoice = paid()
    desk.show('invoice', invoice)
    const snapshot = eventOf('invoice.paid', invoice)
    const pair = [thinOf(snapshot, { ms: 345 }), snapshot] as const
    const [first, second] = order === 'thin first' ? pair : [pair[1], pair[0]]
    const one = await desk.deliver(first)
    const reads = desk.reads.length
    const two = await desk.deliver(second)
    expect(two.output).toEqual(one.output)
    expect([one.outcome, two.outcome, desk.reads.length - reads]).toEqual(['applied', 'applied', 0])
    expect(await eventsOf(snapshot.id)).toEqual([{ id: snapshot.id, state: one.output.state, type: 'invoice.paid' }])
    expect(await desk.rows('select amount_paid from finance.invoices where id = $1', [invoice['id']])).toEqual([
      { amount_paid: '700' },
    ])
  },
)

test('both at once, several times each: one event, one effect, one answer', async () => {
  for (let round = 0; round < 5; round += 1) {
    const [customer, user, id] = [stripeId('cus'), stripeId('user'), stripeId('sub')]
    await desk.deliver(eventOf('checkout.session.completed', checkoutOf({ customer, user, subscription: id })))
    const subscription = subscriptionOf({ id, customer })
    desk.show('subscription', subscription)
    const snapshot = eventOf('customer.subscription.updated', subscription, { created: epochS + 1 })
    const thin = thinOf(snapshot)
    const all = await Promise.all([snapshot, thin, snapshot, thin, thin, snapshot].map((event) => desk.deliver(event)))
    expect(new Set(all.map(({ output }) => JSON.stringify(output))).size).toBe(1)
    expect(all[0]?.output).toMatchObject({ event: snapshot.id, state: 'applied', entitlement: { entitled: true } })
    expect(await eventsOf(snapshot.id)).toHaveLength(1)
    expect(await eventsOf(thin.id)).toHaveLength(0)
    expect(await desk.rows('select id from finance.subscriptions where id = $1', [id])).toHaveLength(1)
  }
})

test('a thin event without a twin is an event of its own', async () => {
  const invoice = paid()
  desk.show('invoice', invoice)
  const thin = thinOf(eventOf('invoice.paid', invoice), { twin: false })
  await desk.deliver(thin)
  expect(await eventsOf(thin.id)).toHaveLength(1)
})

test('a thin event of an object that neither Stripe nor anybody else knows is closed without a row', async () => {
  const invoice = paid()
  const { output } = await desk.deliver(thinOf(eventOf('invoice.paid', invoice)))
  expect([output.waits_for, desk.reads.length]).toEqual([null, 1])
  expect(await desk.rows('select id from finance.invoices where id = $1', [invoice['id']])).toEqual([])
})

test('a thin event of a connected account is read and kept in its name', async () => {
  const invoice = paid()
  desk.show('invoice', invoice)
  await desk.deliver(thinOf(eventOf('invoice.paid', invoice, { account: 'acct_1' })))
  await desk.deliver(thinOf(eventOf('invoice.paid', invoice)))
  expect(desk.reads.map(({ account }) => account)).toEqual(['acct_1', 'self'])
  const rows = await desk.rows('select account from finance.invoices where id = $1 order by account', [invoice['id']])
  expect(rows).toEqual([{ account: 'acct_1' }, { account: 'self' }])
})

test('a thin event that is certainly contained is stale without a read', async () => {
  const invoice = paid()
  await desk.deliver(eventOf('invoice.paid', invoice, { created: epochS + 10 }))
  const { output } = await desk.deliver(thinOf(eventOf('invoice.finalized', invoice, { created: epochS + 9 })))
  expect([output.state, desk.reads]).toEqual(['stale', []])
})

test('while Stripe is away a thin event waits, and its snapshot twin gets the same answer', async () => {
  desk.trouble = 'unavailable'
  const invoice = paid()
  const snapshot = eventOf('invoice.paid', invoice)
  const thin = await desk.deliver(thinOf(snapshot))
  expect(thin.output).toMatchObject({ state: 'parked', waits_for: 'stripe' })
  expect((await desk.deliver(snapshot)).output).toEqual(thin.output)
})

test('a thin event of a type that nobody applies is ignored, whatever its object is', async () => {
  const thin = { ...thinOf(eventOf('invoice.upcoming', paid())), related_object: null }
  const { output } = await desk.deliver(thin as never)
  expect([output.state, desk.reads]).toEqual(['ignored', []])
})

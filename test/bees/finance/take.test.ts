import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, openDesk } from './desk.ts'
import {
  chargeOf,
  customerOf,
  deletedCustomerOf,
  epochS,
  eventOf,
  invoiceOf,
  refundOf,
  type SubscriptionParts,
  shapes,
  stripeId,
  subscriptionOf,
  thinOf,
} from './stripe-events.ts'

const desk: Desk = await openDesk()
afterAll(() => desk.database.drop())
beforeEach(() => {
  desk.trouble = undefined
  desk.during = undefined
  desk.clockS = epochS + 100
  desk.reads.length = 0
})

const changed = (parts: SubscriptionParts, created = epochS, extra: Record<string, unknown> = {}) =>
  eventOf('customer.subscription.updated', { ...subscriptionOf(parts), ...extra }, { created })
const fresh = () => ({ id: stripeId('sub'), customer: stripeId('cus') })
const statusOf = async (id: string) =>
  (await desk.rows('select status from finance.subscriptions where id = $1', [id]))[0]?.['status']
const eventRow = async (id: string) => (await desk.rows('select * from finance.events where id = $1', [id]))[0]

describe('same second', () => {
  test.each([
    ['in their order', 0, 1],
    ['the other way round', 1, 0],
  ])('two events %s: Stripe knows which is the last', async (_, first, second) => {
    const parts = fresh()
    const events = [changed({ ...parts, status: 'past_due' }), changed({ ...parts, status: 'active' })]
    desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
    for (const index of [first, second]) {
      const event = events[index]
      if (event !== undefined) await desk.deliver(event)
    }
    expect(await statusOf(parts.id)).toBe('active')
    expect(desk.reads).toEqual([{ account: 'self', livemode: false, kind: 'subscription', object: parts.id }])
  })

  test('two events that say the same need no read', async () => {
    const parts = fresh()
    await desk.deliver(changed(parts))
    const { counts, output } = await desk.deliver(changed(parts))
    expect([counts, output.state, desk.reads]).toEqual([{ parked: 1 }, 'parked', []])
  })

  test('in both shapes', async () => {
    for (const shape of shapes) {
      const parts = fresh()
      desk.show('subscription', subscriptionOf({ ...parts, status: 'unpaid' }, shape))
      await desk.deliver(changed({ ...parts, status: 'active' }))
      await desk.deliver(changed({ ...parts, status: 'past_due' }))
      expect(await statusOf(parts.id)).toBe('unpaid')
    }
  })
})

test('a read that is overtaken while it is under way is repeated, and its old answer is not taken', async () => {
  const parts = fresh()
  await desk.deliver(changed({ ...parts, status: 'trialing' }))
  desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
  desk.during = async () => {
    desk.during = undefined
    const ended = subscriptionOf({ ...parts, status: 'canceled' })
    desk.show('subscription', ended)
    // In the same second, but final: applied without a read.
    await desk.deliver(eventOf('customer.subscription.deleted', ended))
  }
  const { counts } = await desk.deliver(changed({ ...parts, status: 'active' }))
  expect(counts).toMatchObject({ read: 2, reread: 1 })
  expect(await statusOf(parts.id)).toBe('canceled')
})

test('an event that a later one has overtaken during its read is stale', async () => {
  const parts = fresh()
  await desk.deliver(changed({ ...parts, status: 'trialing' }))
  desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
  desk.during = async () => {
    desk.during = undefined
    await desk.deliver(changed({ ...parts, status: 'past_due' }, epochS + 50))
  }
  const { counts } = await desk.deliver(changed({ ...parts, status: 'active' }))
  expect(counts).toEqual({ read: 1, stale: 1 })
  expect(await statusOf(parts.id)).toBe('past_due')
})

test('two reads that come back in the opposite order: the later one stays', async () => {
  const parts = fresh()
  await desk.deliver(changed({ ...parts, status: 'trialing' }))
  desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
  desk.during = async (_, call) => {
    if (call > 1) return
    desk.show('subscription', subscriptionOf({ ...parts, status: 'unpaid' }))
    await desk.deliver(changed({ ...parts, status: 'unpaid' }))
  }
  await desk.deliver(changed({ ...parts, status: 'active' }))
  expect(await statusOf(parts.id)).toBe('unpaid')
})

test('what an accepted read contains is stale, what came after it is not', async () => {
  const parts = fresh()
  await desk.deliver(changed({ ...parts, status: 'trialing' }))
  desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
  await desk.deliver(changed({ ...parts, status: 'active' }))
  expect((await desk.deliver(changed({ ...parts, status: 'past_due' }, epochS + 90))).output.state).toBe('stale')
  await desk.deliver(changed({ ...parts, status: 'unpaid' }, epochS + 200))
  expect(await statusOf(parts.id)).toBe('unpaid')
  expect(desk.reads).toHaveLength(1)
})

describe('Stripe away', () => {
  test('what can be ordered is applied, the rest is parked without a change', async () => {
    desk.trouble = 'unavailable'
    const parts = fresh()
    await desk.deliver(changed({ ...parts, status: 'trialing' }))
    const ambiguous = changed({ ...parts, status: 'active' })
    const { output, counts } = await desk.deliver(ambiguous)
    expect(output).toMatchObject({ state: 'parked', waits_for: 'stripe' })
    expect(counts).toMatchObject({ parked: 1, read: 1 })
    expect(await statusOf(parts.id)).toBe('trialing')
    await desk.deliver(changed({ ...parts, status: 'past_due' }, epochS + 10))
    expect(await statusOf(parts.id)).toBe('past_due')
    expect(await eventRow(ambiguous.id)).toMatchObject({ facts: null })
    expect((await eventRow(ambiguous.id))?.['waits_for']).not.toBe('stripe')
  })

  test('a repeat of a parked event says so again', async () => {
    desk.trouble = 'no_key'
    const parts = fresh()
    await desk.deliver(changed({ ...parts, status: 'trialing' }))
    const ambiguous = changed({ ...parts, status: 'active' })
    const first = await desk.deliver(ambiguous)
    const second = await desk.deliver(ambiguous)
    expect([first.outcome, second.outcome]).toEqual(['applied', 'replayed'])
    expect(second.output).toEqual(first.output)
  })
})

describe('must be read', () => {
  test('an object of a test clock, even the first time', async () => {
    const parts = fresh()
    const clocked = { test_clock: 'clock_1' }
    desk.show('subscription', { ...subscriptionOf({ ...parts, status: 'active' }), ...clocked })
    await desk.deliver(changed({ ...parts, status: 'trialing' }, epochS, clocked))
    expect(await statusOf(parts.id)).toBe('active')
    expect(desk.reads).toHaveLength(1)
  })

  test('a subscription with more items than the event shows', async () => {
    const parts = fresh()
    desk.show('subscription', subscriptionOf({ ...parts, items: [{}, {}, {}] }))
    await desk.deliver(changed({ ...parts, hasMore: true }))
    expect(
      await desk.rows('select id from finance.subscription_items where subscription = $1', [parts.id]),
    ).toHaveLength(3)
  })
})

describe('an object that Stripe does not have', () => {
  test('and nobody knows: the event is all there is', async () => {
    const parts = fresh()
    await desk.deliver(changed({ ...parts, hasMore: true, status: 'past_due' }))
    expect(await statusOf(parts.id)).toBe('past_due')
  })

  test('any more: its row stays', async () => {
    const parts = fresh()
    await desk.deliver(changed({ ...parts, status: 'active' }))
    await desk.deliver(changed({ ...parts, status: 'past_due' }))
    expect([await statusOf(parts.id), desk.reads.length]).toEqual(['active', 1])
  })

  test('any more, a customer: deleted', async () => {
    const id = stripeId('cus')
    await desk.deliver(eventOf('customer.created', customerOf({ id })))
    await desk.deliver(thinOf(eventOf('customer.deleted', deletedCustomerOf(id), { created: epochS + 1 })))
    expect(await desk.rows('select deleted_at is not null as gone from finance.customers where id = $1', [id])).toEqual(
      [{ gone: true }],
    )
  })
})

test('what comes inside an object is written with it, by the same read', async () => {
  const [charge, customer] = [stripeId('ch'), stripeId('cus')]
  const parts = { id: charge, customer, amount: 900, amount_refunded: 400 }
  const refunds = [
    { id: stripeId('re'), amount: 100 },
    { id: stripeId('re'), amount: 300 },
  ]
  const one = chargeOf({ ...parts, amount_refunded: 100, refunds: refunds.slice(0, 1) })
  await desk.deliver(eventOf('charge.refunded', one))
  desk.show('charge', chargeOf({ ...parts, refunds }))
  // As the second event shows them: one of them still pending.
  const pending = refunds.map((refund) => ({ ...refund, status: 'pending' }))
  await desk.deliver(eventOf('charge.refunded', chargeOf({ ...parts, refunds: pending })))
  expect(desk.reads).toHaveLength(1)
  const rows = await desk.rows('select amount, status, charge from finance.refunds where charge = $1 order by amount', [
    charge,
  ])
  expect(rows).toEqual(refunds.map(({ amount }) => ({ amount: String(amount), status: 'succeeded', charge })))
})

test('a refund that fails after it has succeeded, told by its own event', async () => {
  const parts = { id: stripeId('re'), amount: 100, charge: stripeId('ch') }
  await desk.deliver(eventOf('refund.created', refundOf(parts)))
  const failed = { ...parts, status: 'failed', failure_reason: 'expired_or_canceled_card' }
  await desk.deliver(eventOf('refund.failed', refundOf(failed)))
  expect(await desk.rows('select status from finance.refunds where id = $1', [parts.id])).toEqual([
    { status: 'failed' },
  ])
  expect(desk.reads).toEqual([])
})

test('the same process again repeats its answer and reads nothing', async () => {
  const parts = fresh()
  await desk.deliver(changed({ ...parts, status: 'trialing' }))
  desk.show('subscription', subscriptionOf({ ...parts, status: 'active' }))
  const event = changed({ ...parts, status: 'active' })
  const first = await desk.deliver(event)
  desk.show('subscription', subscriptionOf({ ...parts, status: 'unpaid' }))
  const again = await desk.deliver(event, first.process)
  expect([again.output, again.outcome, again.counts['applied']]).toEqual([first.output, 'replayed', undefined])
  expect(await statusOf(parts.id)).toBe('active')
})

test('amounts arrive to the last unit, in whichever currency', async () => {
  for (const currency of ['usd', 'jpy', 'kwd']) {
    const invoice = { id: stripeId('in'), customer: stripeId('cus'), amount_due: Number.MAX_SAFE_INTEGER, currency }
    await desk.deliver(eventOf('invoice.paid', invoiceOf(invoice)))
    expect(await desk.rows('select amount_paid, currency from finance.invoices where id = $1', [invoice.id])).toEqual([
      { amount_paid: '9007199254740991', currency },
    ])
  }
})

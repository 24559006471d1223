import { describe, expect, test } from 'vitest'
import { appliedTypes, normalise } from '../../../bees/finance/normalise.ts'
import { type StripeEvent, stripeEvent } from '../../../bees/finance/stripe-event.ts'
import { redact, sensitivePaths, TerminalError } from '../../../src/bee/index.ts'
import { handledEventTypes } from '../../../src/http/webhook/index.ts'
import {
  canary,
  chargeOf,
  checkoutOf,
  dayS,
  deletedCustomerOf,
  epochS,
  eventOf,
  invoiceOf,
  type SentEvent,
  shapes,
  subscriptionOf,
} from './stripe-events.ts'

const parsed = (event: SentEvent): StripeEvent => stripeEvent.parse(event)
const factOf = (event: SentEvent) => normalise(parsed(event)).fact

test('the webhook hands on exactly the types that the bee applies', () => {
  expect([...handledEventTypes].sort()).toEqual([...appliedTypes].sort())
})

describe('both shapes give one form', () => {
  const item = { id: 'si_1', periodStart: epochS, periodEnd: epochS + 30 * dayS }
  const pairs = {
    subscription: (shape: 'old' | 'new') =>
      eventOf(
        'customer.subscription.updated',
        { ...subscriptionOf({ id: 'sub_1', customer: 'cus_1', items: [item] }, shape), latest_invoice: 'in_1' },
        { id: 'evt_1', shape },
      ),
    invoice: (shape: 'old' | 'new') =>
      eventOf(
        'invoice.paid',
        invoiceOf(
          { id: 'in_1', customer: 'cus_1', subscription: 'sub_1', payment_intent: 'pi_1', charge: 'ch_1' },
          shape,
        ),
        { id: 'evt_2', shape },
      ),
  }
  test.each(Object.entries(pairs))('%s', (_, make) => {
    const [old, new_] = shapes.map((shape) => factOf(make(shape)))
    expect(old).toEqual(new_)
  })

  test('periods of the items are kept where they differ', () => {
    const items = [item, { ...item, id: 'si_2', periodEnd: epochS + 365 * dayS }]
    const fact = factOf(
      eventOf('customer.subscription.created', subscriptionOf({ id: 'sub_1', customer: 'cus_1', items })),
    )
    expect(fact).toMatchObject({
      items: [{ period_end: '2026-01-31T00:00:00.000Z' }, { period_end: '2027-01-01T00:00:00.000Z' }],
    })
  })

  test('a plan from before there were prices', () => {
    const object = subscriptionOf(
      { id: 'sub_1', customer: 'cus_1', items: [{ id: 'si_1', price: 'gold', unit_amount: 5 }] },
      'old',
    )
    const { items } = object as { items: { data: Record<string, unknown>[] } }
    delete items.data[0]?.['price']
    expect(factOf(eventOf('customer.subscription.updated', object))).toMatchObject({
      items: [{ price: 'gold', unit_amount: 5, currency: 'usd' }],
    })
  })

  test('an invoice names its subscription in its lines only', () => {
    const lines = { data: [{ parent: { subscription_item_details: { subscription: 'sub_9' } } }] }
    const object = { ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), lines }
    expect(factOf(eventOf('invoice.paid', object))).toMatchObject({ subscription: 'sub_9' })
  })

  test('objects given in full where an id is usual', () => {
    const object = { ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), customer: deletedCustomerOf('cus_7') }
    expect(normalise(parsed(eventOf('invoice.paid', object))).customer).toBe('cus_7')
  })
})

describe('lenient', () => {
  test('unknown values and members never break it', () => {
    const object = subscriptionOf({
      id: 'sub_1',
      customer: 'cus_1',
      status: 'hibernating',
      extra: { cancel_at: 'soon', metadata: 7, trial_end: { at: 1 }, future_member: [{ deep: true }] },
    })
    expect(factOf(eventOf('customer.subscription.updated', object))).toMatchObject({
      status: 'hibernating',
      cancel_at: null,
    })
    const paid = {
      ...invoiceOf({ id: 'in_1', customer: 'cus_1' }),
      billing_reason: 'lottery',
      parent: 'none',
      payments: 3,
    }
    expect(factOf(eventOf('invoice.paid', paid))).toMatchObject({ billing_reason: 'lottery', subscription: null })
  })

  test.each(['constructor', '__proto__', 'toString', 'v1.billing.meter.no_meter_found'])(
    'the type %s is ignored',
    (type) => {
      expect(normalise(parsed(eventOf(type, { id: 'x' })))).toMatchObject({
        kind: 'ignored',
        customer: null,
        fact: null,
      })
    },
  )

  test.each([
    [
      'a subscription without customer',
      'customer.subscription.updated',
      { id: 'sub_1', items: { data: [] } },
      'customer',
    ],
    ['a subscription without items', 'customer.subscription.updated', { id: 'sub_1', customer: 'cus_1' }, 'items'],
    ['an invoice without id', 'invoice.paid', { customer: 'cus_1' }, 'id'],
    ['a charge without the running total', 'charge.refunded', { id: 'ch_1' }, 'amount_refunded'],
    ['a customer without id', 'customer.deleted', { email: canary }, 'id'],
    ['an amount that JavaScript has rounded', 'invoice.paid', { id: 'in_1', amount_paid: 2 ** 53 }, 'amount_paid'],
    ['half a cent', 'invoice.paid', { id: 'in_1', amount_paid: 0.5 }, 'amount_paid'],
  ])('%s is refused for good', (_, type, object, member) => {
    const refuse = () => normalise(parsed(eventOf(type, object)))
    expect(refuse).toThrow(TerminalError)
    expect(refuse).toThrow(new RegExp(`cannot read .*${member}`))
    expect(refuse).not.toThrow(canary)
  })
})

describe('personal data', () => {
  const events = [
    eventOf('checkout.session.completed', checkoutOf({ customer: 'cus_1', user: 'u1' })),
    eventOf('invoice.paid', invoiceOf({ id: 'in_1', customer: 'cus_1' })),
    eventOf('invoice.payment_failed', {
      ...invoiceOf({ id: 'in_1', customer: '' }),
      customer: deletedCustomerOf('cus_1'),
    }),
    eventOf('charge.refunded', chargeOf({ id: 'ch_1', customer: 'cus_1', amount: 5, amount_refunded: 5 })),
    eventOf('customer.deleted', deletedCustomerOf('cus_1')),
  ]
  test.each(events.map((event) => [event.type, event] as const))(
    '%s: none in the normal form, hidden in the input',
    (_, event) => {
      expect(JSON.stringify(event)).toContain(canary)
      expect(JSON.stringify(normalise(parsed(event)))).not.toContain(canary)
      expect(JSON.stringify(redact(stripeEvent, parsed(event)))).not.toContain(canary)
    },
  )

  test('the schema says which members are sensitive', () => {
    expect(sensitivePaths(stripeEvent)).toContain('data.object.customer_email')
  })
})

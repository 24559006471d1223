import { describe, expect, test } from 'vitest'
import type { Kind } from '../../../bees/finance/facts.ts'
import { normalise } from '../../../bees/finance/normalise.ts'
import { toldOf } from '../../../bees/finance/objects/told-of.ts'
import { snapshotEvent, stripeEvent } from '../../../bees/finance/stripe-event.ts'
import { redact, sensitivePaths, TerminalError } from '../../../src/bee/index.ts'
import {
  canary,
  chargeOf,
  checkoutOf,
  creditNoteOf,
  customerOf,
  deletedCustomerOf,
  disputeOf,
  eventOf,
  invoiceOf,
  invoicePaymentOf,
  paymentIntentOf,
  refundOf,
  subscriptionOf,
  thinOf,
} from './stripe-events.ts'

const heard = (event: unknown) => normalise(stripeEvent.parse(event))
const most = Number.MAX_SAFE_INTEGER

/** Every amount of every kind, in an object that carries the given one there. */
const amounts: readonly [kind: Kind, member: string, (amount: unknown) => Record<string, unknown>][] = [
  ['checkout_session', 'amount_total', (a) => ({ ...checkoutOf({ customer: null }), amount_total: a })],
  ['invoice', 'total', (a) => ({ ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), total: a })],
  ['invoice', 'amount_due', (a) => ({ ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), amount_due: a })],
  ['invoice', 'amount_paid', (a) => ({ ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), amount_paid: a })],
  ['invoice_payment', 'amount_paid', (a) => ({ ...invoicePaymentOf({ id: 'i_1', invoice: 'in_1' }), amount_paid: a })],
  ['payment_intent', 'amount', (a) => ({ ...paymentIntentOf({ id: 'pi_1', customer: null, amount: 1 }), amount: a })],
  [
    'payment_intent',
    'amount_received',
    (a) => ({ ...paymentIntentOf({ id: 'pi_1', customer: null, amount: 1 }), amount_received: a }),
  ],
  ...(['amount', 'amount_captured', 'amount_refunded'] as const).map(
    (member): [Kind, string, (amount: unknown) => Record<string, unknown>] => [
      'charge',
      member,
      (a) => ({ ...chargeOf({ id: 'ch_1', customer: null, amount: 1, amount_refunded: 0 }), [member]: a }),
    ],
  ),
  ['refund', 'amount', (a) => ({ ...refundOf({ id: 're_1', amount: 1 }), amount: a })],
  ['dispute', 'amount', (a) => ({ ...disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 1 }), amount: a })],
  [
    'dispute',
    'balance',
    (a) => ({ ...disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 1 }), balance_transactions: [{ amount: a }] }),
  ],
  [
    'credit_note',
    'amount',
    (a) => ({ ...creditNoteOf({ id: 'cn_1', invoice: 'in_1', customer: 'c', amount: 1 }), amount: a }),
  ],
]

describe.each(amounts)('%s.%s', (kind, member, make) => {
  test.each([0, 1, -1, most, -most])('%i is kept to the last unit', (amount) => {
    expect(toldOf(kind, JSON.parse(JSON.stringify(make(amount))))[0]?.fact).toHaveProperty(member, amount)
  })

  test.each([
    ['2^53, which JavaScript may have rounded', 2 ** 53],
    ['-2^53', -(2 ** 53)],
    ['2^63', 2 ** 63],
    ['half a cent', 0.5],
    ['text', `${canary} 100`],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a list', [1]],
  ])('%s is refused for good, without being quoted', (_, amount) => {
    const refuse = () => toldOf(kind, make(amount))
    expect(refuse).toThrow(TerminalError)
    expect(refuse).toThrow(/cannot read [a-z_.0-9]+$/)
    expect(refuse).not.toThrow(canary)
    expect(refuse).not.toThrow(String(2 ** 53))
  })
})

test.each(['jpy', 'kwd', 'isk', 'ugx', 'xxx'])(
  'an amount in %s is what Stripe says, converted by nobody',
  (currency) => {
    const object = invoiceOf({ id: 'in_1', customer: 'cus_1', amount_due: 12_345, currency })
    expect(toldOf('invoice', object)[0]?.fact).toMatchObject({ amount_due: 12_345, amount_paid: 12_345, currency })
  },
)

test('a refund list with a bad amount in it spoils the charge', () => {
  const object = chargeOf({
    id: 'ch_1',
    customer: null,
    amount: 9,
    amount_refunded: 1,
    refunds: [{ id: 're_1', amount: 0.1 }],
  })
  expect(() => toldOf('charge', object)).toThrow(/^refund: cannot read amount$/)
})

describe('what the payload alone does not tell must be read', () => {
  const clock = { test_clock: 'clock_1' }
  const part = { data: [], has_more: true }
  const cases: [string, Kind, Record<string, unknown>, boolean][] = [
    ['a customer of a test clock', 'customer', customerOf({ id: 'cus_1', test_clock: 'clock_1' }), true],
    ['a deleted one', 'customer', { ...deletedCustomerOf('cus_1'), ...clock }, false],
    [
      'a subscription of a test clock',
      'subscription',
      { ...subscriptionOf({ id: 's', customer: 'c' }), ...clock },
      true,
    ],
    ['more items than shown', 'subscription', subscriptionOf({ id: 's', customer: 'c', hasMore: true }), true],
    ['no items at all', 'subscription', { ...subscriptionOf({ id: 's', customer: 'c' }), items: undefined }, true],
    ['a subscription as a stub', 'subscription', { id: 's', customer: 'c' }, true],
    ['an invoice of a test clock', 'invoice', { ...invoiceOf({ id: 'i', customer: 'c' }), ...clock }, true],
    ['more payments than shown', 'invoice', { ...invoiceOf({ id: 'i', customer: 'c' }), payments: part }, true],
    ['an invoice as a stub', 'invoice', { id: 'i', object: 'invoice' }, true],
    [
      'more refunds than shown',
      'charge',
      chargeOf({
        id: 'c',
        customer: 'c',
        amount: 9,
        amount_refunded: 9,
        refunds: [{ id: 'r', amount: 9 }],
        moreRefunds: true,
      }),
      true,
    ],
    ['a charge without its running total', 'charge', { id: 'ch_1', status: 'succeeded', amount: 9 }, true],
    ['a charge as a stub', 'charge', { id: 'ch_1' }, true],
    ['a whole charge', 'charge', chargeOf({ id: 'c', customer: 'c', amount: 9, amount_refunded: 9 }), false],
    ['a checkout as a stub', 'checkout_session', { id: 'cs_1' }, true],
    ['a payment intent as a stub', 'payment_intent', { id: 'pi_1' }, true],
    ['an invoice payment as a stub', 'invoice_payment', { id: 'inpay_1' }, true],
    ['a dispute as a stub', 'dispute', { id: 'dp_1', amount: 1 }, true],
    ['a credit note as a stub', 'credit_note', { id: 'cn_1' }, true],
  ]
  test.each(cases)('%s', (_, kind, object, must) => {
    expect(toldOf(kind, object)[0]?.must_read).toBe(must)
  })

  test('what an invoice of a test clock carries must be read with it', () => {
    const object = { ...invoiceOf({ id: 'in_1', customer: 'cus_1', charge: 'ch_1' }), ...clock }
    expect(toldOf('invoice', object).map(({ must_read }) => must_read)).toEqual([true, true])
  })
})

describe('lenient', () => {
  test('unknown values and members never break it', () => {
    const extra = { cancel_at: 'soon', metadata: 7, trial_end: { at: 1 }, future_member: [{ deep: true }] }
    const object = subscriptionOf({ id: 'sub_1', customer: 'cus_1', status: 'hibernating', extra })
    expect(toldOf('subscription', object)[0]?.fact).toMatchObject({ status: 'hibernating', cancel_at: null })
    const paid = {
      ...invoiceOf({ id: 'in_1', customer: 'cus_1' }),
      billing_reason: 'lottery',
      parent: 'none',
      payments: 3,
    }
    expect(toldOf('invoice', paid)).toMatchObject([{ fact: { billing_reason: 'lottery', subscription: null } }])
    const dispute = disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 9, status: 'appeal_under_review' })
    expect(toldOf('dispute', dispute)[0]?.fact).toMatchObject({ status: 'appeal_under_review' })
  })

  test.each([
    'constructor',
    '__proto__',
    'toString',
    'v1.billing.meter.no_meter_found',
    'invoice.created',
    'invoice.upcoming',
  ])('the type %s is ignored', (type) => {
    expect(heard(eventOf(type, { object: 'invoice' }))).toMatchObject({ target: null, facts: [] })
  })

  test('a stub with nothing but hostile members', () => {
    const object = JSON.parse(`{"id":"cs_1","__proto__":{"polluted":true},"metadata":{"user_id":"a\\u0000b\\ud800"}}`)
    expect(toldOf('checkout_session', object)[0]?.fact).toMatchObject({ user_id: 'a\uFFFDb\uFFFD' })
    expect({}).not.toHaveProperty('polluted')
  })

  test.each([
    ['a subscription without customer', 'subscription', { id: 'sub_1', items: { data: [] } }, 'customer'],
    ['an invoice without id', 'invoice', { customer: 'cus_1' }, 'id'],
    ['a refund without amount', 'refund', { id: 're_1' }, 'amount'],
    ['a customer without id', 'customer', { email: canary }, 'id'],
    ['a list', 'charge', [], 'the object itself'],
    ['text', 'payment_intent', canary, 'the object itself'],
    ['nothing', 'credit_note', null, 'the object itself'],
  ] as const)('%s is refused for good', (_, kind, object, member) => {
    const refuse = () => toldOf(kind, object)
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
    eventOf('payment_intent.succeeded', paymentIntentOf({ id: 'pi_1', customer: 'cus_1', amount: 5 })),
    eventOf('refund.created', refundOf({ id: 're_1', amount: 5, charge: 'ch_1' })),
    eventOf('charge.dispute.created', disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 5 })),
    eventOf('credit_note.created', creditNoteOf({ id: 'cn_1', invoice: 'in_1', customer: 'cus_1', amount: 5 })),
    eventOf('customer.updated', customerOf({ id: 'cus_1' })),
    eventOf('customer.deleted', deletedCustomerOf('cus_1')),
    thinOf(eventOf('customer.updated', customerOf({ id: 'cus_1' }))),
  ]
  test.each(events.map((event) => [`${event.object}: ${event.type}`, event] as const))(
    '%s: none in the normal form, hidden in the input',
    (_, event) => {
      expect(JSON.stringify(event)).toContain(canary)
      const parsed = stripeEvent.parse(event)
      expect(JSON.stringify(normalise(parsed))).not.toContain(canary)
      expect(JSON.stringify(redact(stripeEvent, parsed))).not.toContain(canary)
    },
  )

  test('the schema says which members are sensitive', () => {
    expect(sensitivePaths(snapshotEvent)).toContain('data.object.customer_email')
    expect(sensitivePaths(stripeEvent)).toContain('data.object.client_secret')
  })
})

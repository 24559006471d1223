import { describe, expect, test } from 'vitest'
import { appliedTypes } from '../../../bees/finance/event-types.ts'
import type { Told } from '../../../bees/finance/facts.ts'
import { normalise } from '../../../bees/finance/normalise.ts'
import { toldOf } from '../../../bees/finance/objects/told-of.ts'
import { stripeEvent } from '../../../bees/finance/stripe-event.ts'
import { handledEventTypes } from '../../../src/http/webhook/index.ts'
import {
  chargeOf,
  checkoutOf,
  creditNoteOf,
  customerOf,
  dayS,
  deletedCustomerOf,
  disputeOf,
  epochS,
  eventOf,
  invoiceOf,
  invoicePaymentOf,
  paymentIntentOf,
  refundOf,
  type SentEvent,
  type Shape,
  shapes,
  subscriptionOf,
  thinOf,
} from './stripe-events.ts'

const heard = (event: unknown) => normalise(stripeEvent.parse(event))
const factOf = (event: SentEvent): Told['fact'] | undefined => heard(event).facts[0]?.fact
const epoch = '2026-01-01T00:00:00.000Z'

test('the webhook hands on exactly the types that the bee applies', () => {
  expect([...handledEventTypes].sort()).toEqual([...appliedTypes].sort())
})

describe('both shapes give one form', () => {
  const pairs: Record<string, (shape: Shape) => SentEvent> = {
    subscription: (shape) =>
      eventOf('customer.subscription.updated', subscriptionOf({ id: 'sub_1', customer: 'cus_1' }, shape), { shape }),
    'invoice, but for what its payments say': (shape) =>
      eventOf('invoice.paid', invoiceOf({ id: 'in_1', customer: 'cus_1', subscription: 'sub_1' }, shape), { shape }),
    charge: (shape) => {
      const refunds = [{ id: 're_1', amount: 3 }]
      const parts = { id: 'ch_1', customer: 'cus_1', amount: 9, amount_refunded: 3, refunds, payment_intent: 'pi_1' }
      return eventOf('charge.refunded', chargeOf(parts, shape), { shape })
    },
    'payment intent': (shape) =>
      eventOf('payment_intent.succeeded', paymentIntentOf({ id: 'pi_1', customer: 'cus_1', amount: 9 }, shape)),
    'credit note': (shape) => {
      const parts = { id: 'cn_1', invoice: 'in_1', customer: 'cus_1', amount: 9, refund: 're_1' }
      return eventOf('credit_note.created', creditNoteOf(parts, shape))
    },
  }
  test.each(Object.entries(pairs))('%s', (_, make) => {
    const [old, new_] = shapes.map((shape) => heard(make(shape)).facts)
    expect(old).toEqual(new_)
    expect(old?.length).toBeGreaterThan(0)
    expect(old?.some(({ must_read }) => must_read)).toBe(false)
  })

  test('where an invoice was paid: in itself until basil, in its payments since', () => {
    const make = (shape: Shape) =>
      heard(eventOf('invoice.paid', invoiceOf({ id: 'in_1', customer: 'cus_1', payment_intent: 'pi_1' }, shape))).facts
    expect(make('old')).toMatchObject([{ kind: 'invoice', fact: { payment_intent: 'pi_1' } }])
    expect(make('new')).toMatchObject([
      { kind: 'invoice', fact: { payment_intent: null } },
      { kind: 'invoice_payment', customer: 'cus_1', fact: { invoice: 'in_1', payment_intent: 'pi_1', status: 'paid' } },
    ])
  })

  test('periods of the items are kept where they differ, in whichever order Stripe lists them', () => {
    const items = [
      { id: 'si_2', periodEnd: epochS + 365 * dayS },
      { id: 'si_1', periodEnd: epochS + 30 * dayS },
    ]
    const make = (list: typeof items) =>
      factOf(eventOf('customer.subscription.created', subscriptionOf({ id: 'sub_1', customer: 'cus_1', items: list })))
    expect(make(items)).toMatchObject({
      items: [
        { id: 'si_1', period_end: '2026-01-31T00:00:00.000Z' },
        { id: 'si_2', period_end: '2027-01-01T00:00:00.000Z' },
      ],
    })
    expect(make(items.toReversed())).toEqual(make(items))
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

  test('the charge of a payment intent from before latest_charge', () => {
    const object = { ...paymentIntentOf({ id: 'pi_1', customer: null, amount: 9 }), latest_charge: undefined }
    const event = eventOf('payment_intent.succeeded', {
      ...object,
      charges: { data: [{ id: 'ch_2' }, { id: 'ch_1' }] },
    })
    expect(factOf(event)).toMatchObject({ latest_charge: 'ch_2' })
  })

  test('objects given in full where an id is usual', () => {
    const invoice = { ...invoiceOf({ id: 'in_1', customer: 'cus_1' }), customer: deletedCustomerOf('cus_7') }
    expect(heard(eventOf('invoice.paid', invoice)).facts[0]?.customer).toBe('cus_7')
    const charge = chargeOf({ id: 'ch_7', customer: 'cus_7', amount: 9, amount_refunded: 0 })
    for (const [kind, object] of [
      ['refund', { ...refundOf({ id: 're_1', amount: 9 }), charge }],
      ['dispute', { ...disputeOf({ id: 'dp_1', charge: '', amount: 9 }), charge }],
    ] as const) {
      expect(toldOf(kind, object)[0]).toMatchObject({ customer: 'cus_7', fact: { charge: 'ch_7' } })
    }
  })
})

describe('each kind', () => {
  const told = (type: string, object: Record<string, unknown>) => {
    const { target, facts } = heard(eventOf(type, object))
    return [target, ...facts]
  }
  test('a refund and a dispute know their charge, not their customer', () => {
    const refund = refundOf({
      id: 're_1',
      amount: 9,
      charge: 'ch_1',
      status: 'failed',
      failure_reason: 'lost_or_stolen_card',
    })
    expect(told('charge.refund.updated', refund)).toMatchObject([
      { kind: 'refund', object: 're_1' },
      {
        customer: null,
        fact: { charge: 'ch_1', status: 'failed', failure_reason: 'lost_or_stolen_card', made_at: epoch },
      },
    ])
    expect(told('charge.dispute.closed', disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 9 }))).toMatchObject([
      { kind: 'dispute', object: 'dp_1' },
      { customer: null, fact: { charge: 'ch_1', amount: 9, balance: -9, status: 'needs_response' } },
    ])
  })

  test.each([
    ['an inquiry', [], 0],
    ['withdrawn', [-900], -900],
    ['withdrawn and reinstated, the fee being gone', [-900, 900], 0],
  ])('the balance of a dispute: %s', (_, moved, balance) => {
    const object = disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 900, moved })
    expect(factOf(eventOf('charge.dispute.updated', object))).toMatchObject({ balance })
  })

  test('a dispute that does not tell what it moved', () => {
    const object = { ...disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 900 }), balance_transactions: undefined }
    expect(factOf(eventOf('charge.dispute.updated', object))).toMatchObject({ balance: null })
  })

  test('a refund inside a charge says what it says alone', () => {
    const refund = { id: 're_1', amount: 3, payment_intent: 'pi_1' }
    const inside = chargeOf({
      ...{ id: 'ch_1', customer: 'cus_1', payment_intent: 'pi_1', amount: 9, amount_refunded: 3, refunds: [refund] },
    })
    const [, , told_] = told('charge.refunded', inside) as Told[]
    expect(told_).toMatchObject({ kind: 'refund', customer: 'cus_1' })
    expect(told_?.fact).toEqual(factOf(eventOf('refund.created', refundOf({ ...refund, charge: 'ch_1' }))))
  })

  test('an invoice payment inside an invoice says what it says alone', () => {
    const invoice = invoiceOf({ id: 'in_1', customer: 'cus_1', charge: 'ch_1' })
    const alone = invoicePaymentOf({ id: 'in_1_pay', invoice: 'in_1', charge: 'ch_1' })
    expect((told('invoice.paid', invoice)[2] as Told).fact).toEqual(factOf(eventOf('invoice_payment.paid', alone)))
  })

  test('a deleted customer: the whole object of its event and the stub of the API say the same', () => {
    const [, told_] = told('customer.deleted', customerOf({ id: 'cus_1', delinquent: true })) as Told[]
    expect(told_).toEqual(toldOf('customer', { id: 'cus_1', object: 'customer', deleted: true })[0])
    expect(told_).toMatchObject({ customer: 'cus_1', must_read: false, fact: { deleted: true } })
    expect(factOf(eventOf('customer.updated', customerOf({ id: 'cus_1', delinquent: true })))).toEqual({
      ...{ id: 'cus_1', made_at: epoch, deleted: false, delinquent: true, currency: 'usd' },
    })
  })

  test.each([
    ['active', 'canceled'],
    ['canceled', 'canceled'],
    ['incomplete_expired', 'incomplete_expired'],
  ])('a deleted subscription that shows %s is %s', (status, expected) => {
    const object = subscriptionOf({ id: 'sub_1', customer: 'cus_1', status })
    expect(factOf(eventOf('customer.subscription.deleted', object))).toMatchObject({ status: expected })
  })

  test('a deleted draft', () => {
    const object = invoiceOf({ id: 'in_1', customer: 'cus_1', status: 'draft' })
    expect(factOf(eventOf('invoice.deleted', object))).toMatchObject({ status: 'deleted' })
    expect(toldOf('invoice', { id: 'in_1', object: 'invoice', deleted: true })).toMatchObject([
      { must_read: false, fact: { status: 'deleted' } },
    ])
  })

  test('a checkout names the user in one of two places, and when it was made', () => {
    const session = (parts: object) => checkoutOf({ customer: 'cus_1', ...parts })
    const fact = (parts: object) => factOf(eventOf('checkout.session.completed', session(parts)))
    expect(fact({ user: 'u1', metadataUser: 'u2' })).toMatchObject({ user_id: 'u1', made_at: epoch })
    expect(fact({ metadataUser: 'u2', status: 'expired' })).toMatchObject({ user_id: 'u2', status: 'expired' })
    expect(fact({})).toMatchObject({ user_id: null, status: 'complete' })
  })

  test('what is on its way: a pending update, a pause of the collection', () => {
    const extra = { pending_update: { expires_at: 1 }, pause_collection: { behavior: 'void' } }
    const object = subscriptionOf({ id: 'sub_1', customer: 'cus_1', extra })
    const type = 'customer.subscription.updated'
    expect(factOf(eventOf(type, object))).toMatchObject({ update_pending: true, collection_paused: true })
    const plain = subscriptionOf({ id: 'sub_1', customer: 'cus_1' })
    expect(factOf(eventOf(type, plain))).toMatchObject({ update_pending: false, collection_paused: false })
  })

  test('every applied type has a fact of its kind first', () => {
    const objects: Record<string, Record<string, unknown>> = {
      checkout_session: checkoutOf({ customer: 'cus_1' }),
      customer: customerOf({ id: 'cus_1' }),
      subscription: subscriptionOf({ id: 'sub_1', customer: 'cus_1' }),
      invoice: invoiceOf({ id: 'in_1', customer: 'cus_1' }),
      invoice_payment: invoicePaymentOf({ id: 'inpay_1', invoice: 'in_1', payment_intent: 'pi_1' }),
      payment_intent: paymentIntentOf({ id: 'pi_1', customer: 'cus_1', amount: 9 }),
      charge: chargeOf({ id: 'ch_1', customer: 'cus_1', amount: 9, amount_refunded: 0 }),
      refund: refundOf({ id: 're_1', amount: 9, charge: 'ch_1' }),
      dispute: disputeOf({ id: 'dp_1', charge: 'ch_1', amount: 9 }),
      credit_note: creditNoteOf({ id: 'cn_1', invoice: 'in_1', customer: 'cus_1', amount: 9 }),
    }
    const seen = new Set<string>()
    for (const type of appliedTypes) {
      // Whatever the type: its object is known by trying, so that a wrong line of the table shows.
      const [kind, object] =
        Object.entries(objects).find(([, candidate]) => typeFits(type, String(candidate['object']))) ?? []
      expect([type, kind]).not.toEqual([type, undefined])
      const event = eventOf(type, object ?? {})
      expect(heard(event)).toMatchObject({ target: { kind, object: object?.['id'] }, facts: [{ kind }] })
      expect(heard(thinOf(event))).toMatchObject({ target: { kind, object: object?.['id'] }, facts: [] })
      seen.add(kind ?? '')
    }
    expect([...seen].sort()).toEqual(Object.keys(objects).sort())
  })
})

/** The object of a type as Stripe's documentation names it. */
function typeFits(type: string, object: string): boolean {
  if (type.startsWith('charge.dispute.')) return object === 'dispute'
  if (type === 'charge.refund.updated') return object === 'refund'
  if (type.startsWith('customer.subscription.')) return object === 'subscription'
  return type.slice(0, type.lastIndexOf('.')) === object
}

import type Stripe from 'stripe'
import type { Charge, PaymentIntent, Refund } from '../models.ts'
import type { StripeJson } from '../types.ts'
import { below, embeddedList, expands, type Frame, reference } from './frame.ts'
import type { Wire } from './wire.ts'

const shownRefunds = 10

export function paymentIntentJson(intent: PaymentIntent, frame: Frame): StripeJson {
  const json = {
    id: intent.id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: intent.amount,
    amount_capturable: 0,
    amount_received: intent.amountReceived,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: intent.canceledS,
    cancellation_reason: intent.canceledS === null ? null : 'requested_by_customer',
    capture_method: 'automatic',
    client_secret: null,
    confirmation_method: 'automatic',
    created: intent.createdS,
    currency: intent.currency,
    customer: reference(frame, 'customer', intent.customer, 'customer'),
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: intent.failed ? { type: 'card_error', code: 'card_declined' } : null,
    latest_charge: reference(frame, 'charge', intent.latestCharge, 'latest_charge'),
    livemode: intent.livemode,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: intent.status,
    transfer_data: null,
    transfer_group: null,
  } satisfies Wire<Stripe.PaymentIntent>
  if (frame.shape === 'basil') return json
  return { ...json, invoice: reference(frame, 'invoice', intent.invoice, 'invoice') }
}

export function chargeJson(charge: Charge, frame: Frame): StripeJson {
  const { id, amount, status } = charge
  const json = {
    id,
    object: 'charge',
    amount,
    amount_captured: charge.amountCaptured,
    amount_refunded: charge.amountRefunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: status === 'succeeded' ? `txn_${id.slice(3)}` : null,
    billing_details: {
      address: null,
      email: 'canary.person@example.org',
      name: 'Canary Person',
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'COLONY BEES',
    captured: status === 'succeeded',
    created: charge.createdS,
    currency: charge.currency,
    customer: reference(frame, 'customer', charge.customer, 'customer'),
    description: null,
    disputed: charge.disputed,
    failure_balance_transaction: null,
    failure_code: status === 'failed' ? 'card_declined' : null,
    failure_message: status === 'failed' ? 'Your card was declined.' : null,
    fraud_details: {},
    livemode: charge.livemode,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: status === 'succeeded',
    payment_intent: reference(frame, 'payment_intent', charge.paymentIntent, 'payment_intent'),
    payment_method: null,
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: charge.amountRefunded === amount && amount > 0,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: null,
  } satisfies Wire<Stripe.Charge>
  if (frame.shape === 'acacia') {
    return {
      ...json,
      invoice: reference(frame, 'invoice', charge.invoice, 'invoice'),
      refunds: refundsOf(charge, frame),
    }
  }
  return expands(frame, 'refunds') ? { ...json, refunds: refundsOf(charge, frame) } : json
}

/** The newest first. */
function refundsOf(charge: Charge, frame: Frame): StripeJson {
  const inside = below(frame, 'refunds.data')
  const all = frame.core
    .ids('refund')
    .flatMap((id) => frame.core.at('refund', id, frame.atMs) ?? [])
    .filter((refund) => refund.charge === charge.id)
    .reverse()
    .map((refund) => refundJson(refund, inside))
  return embeddedList(`/v1/charges/${charge.id}/refunds`, all, shownRefunds)
}

export function refundJson(refund: Refund, frame: Frame): StripeJson {
  const json = {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    balance_transaction: `txn_${refund.id.slice(3)}`,
    charge: reference(frame, 'charge', refund.charge, 'charge'),
    created: refund.createdS,
    currency: refund.currency,
    customer: reference(frame, 'customer', refund.customer, 'customer'),
    customer_account: null,
    destination_details: { type: 'card' },
    metadata: {},
    payment_intent: reference(frame, 'payment_intent', refund.paymentIntent, 'payment_intent'),
    payment_method: null,
    reason: refund.reason as Stripe.Refund.Reason | null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: refund.status,
    transfer_reversal: null,
  } satisfies Wire<Stripe.Refund>
  const failed = refund.failureReason === null ? {} : { failure_reason: refund.failureReason }
  if (frame.shape === 'basil') return { ...json, ...failed }
  const { customer: _customer, customer_account: _account, payment_method: _method, ...old } = json
  return { ...old, ...failed }
}

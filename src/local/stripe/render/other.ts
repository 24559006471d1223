import type Stripe from 'stripe'
import type { BalanceMove, CheckoutSession, CreditNote, Dispute } from '../models.ts'
import type { StripeJson } from '../types.ts'
import { embeddedList, type Frame, reference } from './frame.ts'
import type { Wire } from './wire.ts'

export function checkoutSessionJson(session: CheckoutSession, frame: Frame): StripeJson {
  const json = {
    id: session.id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: session.amountTotal,
    amount_total: session.amountTotal,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: session.user,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: session.createdS,
    currency: session.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: reference(frame, 'customer', session.customer, 'customer'),
    customer_account: null,
    customer_creation: session.mode === 'payment' ? 'if_required' : 'always',
    customer_details: null,
    customer_email: 'canary.person@example.org',
    discounts: [],
    expires_at: session.expiresS,
    integration_identifier: null,
    invoice: reference(frame, 'invoice', session.invoice, 'invoice'),
    invoice_creation: null,
    livemode: session.livemode,
    locale: null,
    managed_payments: null,
    metadata: session.metadataUser === null ? {} : { user_id: session.metadataUser },
    mode: session.mode,
    origin_context: null,
    payment_intent: reference(frame, 'payment_intent', session.paymentIntent, 'payment_intent'),
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: session.paymentStatus,
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: session.mode === 'setup' ? `seti_${session.id.slice(-12)}` : null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: session.status,
    submit_type: null,
    subscription: reference(frame, 'subscription', session.subscription, 'subscription'),
    success_url: null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: null,
    url: null,
    wallet_options: null,
  } satisfies Wire<Stripe.Checkout.Session>
  return json
}

export function disputeJson(dispute: Dispute, frame: Frame): StripeJson {
  const inquiry = dispute.status.startsWith('warning_')
  const { charge, payment_intent, moves, ...json } = {
    id: dispute.id,
    object: 'dispute',
    amount: dispute.amount,
    moves: dispute.moves.map((move) => moveJson(move, dispute)),
    charge: reference(frame, 'charge', dispute.charge, 'charge'),
    created: dispute.createdS,
    currency: dispute.currency,
    enhanced_eligibility_types: [],
    evidence_details: {
      due_by: dispute.createdS + 604_800,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: dispute.livemode,
    metadata: {},
    payment_intent: reference(frame, 'payment_intent', dispute.paymentIntent, 'payment_intent'),
    reason: dispute.reason,
    status: dispute.status,
  } satisfies Wire<Omit<Stripe.Dispute, 'evidence' | 'balance_transactions'>> & { moves: unknown }
  return { ...json, evidence: {}, charge, payment_intent, balance_transactions: moves }
}

const moveJson = (move: BalanceMove, dispute: Dispute) =>
  ({
    id: move.id,
    object: 'balance_transaction',
    amount: move.amount,
    available_on: move.createdS,
    balance_type: 'payments',
    created: move.createdS,
    currency: dispute.currency,
    description: null,
    exchange_rate: null,
    fee: move.amount < 0 ? 1500 : 0,
    fee_details: [],
    net: move.amount < 0 ? move.amount - 1500 : move.amount,
    reporting_category: move.amount < 0 ? 'dispute' : 'dispute_reversal',
    source: dispute.id,
    status: 'available',
    type: 'adjustment',
  }) satisfies Wire<Stripe.BalanceTransaction>

export function creditNoteJson(note: CreditNote, frame: Frame): StripeJson {
  const { id, amount } = note
  const json = {
    id,
    object: 'credit_note',
    amount,
    amount_shipping: 0,
    created: note.createdS,
    currency: note.currency,
    customer: reference(frame, 'customer', note.customer, 'customer'),
    customer_account: null,
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: note.createdS,
    invoice: reference(frame, 'invoice', note.invoice, 'invoice'),
    lines: embeddedList(`/v1/credit_notes/${id}/lines`, [], 10),
    livemode: note.livemode,
    memo: null,
    metadata: {},
    number: `CN-${id.slice(-9).toUpperCase()}`,
    out_of_band_amount: null,
    pdf: `https://pay.stripe.com/credit_notes/${id}/pdf`,
    post_payment_amount: note.type === 'post_payment' ? amount : 0,
    pre_payment_amount: note.type === 'pre_payment' ? amount : 0,
    pretax_credit_amounts: [],
    reason: note.reason as Stripe.CreditNote.Reason | null,
    refunds:
      note.refund === null
        ? []
        : [
            {
              amount_refunded: amount,
              payment_record_refund: null,
              refund: reference(frame, 'refund', note.refund, 'refunds.data.refund'),
              type: 'refund',
            },
          ],
    shipping_cost: null,
    status: note.status,
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: note.type,
    voided_at: note.voidedS,
  } satisfies Wire<Stripe.CreditNote>
  if (frame.shape === 'basil') return json
  const { refunds: _refunds, total_taxes: _taxes, pretax_credit_amounts: _pretax, ...old } = json
  return { ...old, refund: reference(frame, 'refund', note.refund, 'refund'), tax_amounts: [] }
}

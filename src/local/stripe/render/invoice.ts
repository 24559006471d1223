import type Stripe from 'stripe'
import type { Invoice, InvoicePayment } from '../models.ts'
import type { StripeJson } from '../types.ts'
import { below, embeddedList, expands, type Frame, reference } from './frame.ts'
import type { Wire } from './wire.ts'

const shownPayments = 10

export function invoiceJson(invoice: Invoice, frame: Frame): StripeJson {
  const { id, subscription, status, currency, livemode, total } = invoice
  const finalized = invoice.finalizedS !== null
  const json = {
    id,
    object: 'invoice',
    account_country: 'DE',
    account_name: 'Colony Bees',
    account_tax_ids: null,
    amount_due: invoice.amountDue,
    amount_overpaid: invoice.amountOverpaid,
    amount_paid: invoice.amountPaid,
    amount_remaining: Math.max(0, invoice.amountDue - invoice.amountPaid),
    amount_shipping: 0,
    application: null,
    attempt_count: invoice.attemptCount,
    attempted: invoice.attemptCount > 0,
    auto_advance: status === 'draft' || status === 'open',
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: invoice.billingReason as Stripe.Invoice.BillingReason,
    collection_method: 'charge_automatically',
    created: invoice.createdS,
    currency,
    custom_fields: null,
    customer: reference(frame, 'customer', invoice.customer, 'customer'),
    customer_account: null,
    customer_address: null,
    customer_email: `${invoice.customer}@canary.example.org`,
    customer_name: 'Canary Person',
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: invoice.finalizedS,
    ending_balance: finalized ? 0 : null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: finalized ? `https://invoice.stripe.com/i/${id}` : null,
    invoice_pdf: finalized ? `https://pay.stripe.com/invoice/${id}/pdf` : null,
    issuer: { type: 'self' },
    last_finalization_error: invoice.finalizationError
      ? { type: 'invalid_request_error', code: 'customer_tax_location_invalid' }
      : null,
    latest_revision: null,
    lines: embeddedList(`/v1/invoices/${id}/lines`, [], shownPayments),
    livemode,
    metadata: {},
    next_payment_attempt: invoice.nextAttemptS,
    number: finalized ? `BEE-${id.slice(-9).toUpperCase()}` : null,
    on_behalf_of: null,
    parent:
      subscription === null
        ? null
        : {
            quote_details: null,
            subscription_details: {
              metadata: {},
              subscription: reference(frame, 'subscription', subscription, 'parent.subscription_details.subscription'),
            },
            type: 'subscription_details',
          },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: invoice.periodEndS,
    period_start: invoice.periodStartS,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status,
    status_transitions: {
      finalized_at: invoice.finalizedS,
      marked_uncollectible_at: invoice.uncollectibleS,
      paid_at: invoice.paidS,
      voided_at: invoice.voidedS,
    },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: invoice.testClock,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  } satisfies Wire<Stripe.Invoice>
  return frame.shape === 'basil' ? { ...json, ...payments(invoice, frame) } : oldInvoice(json, invoice, frame)
}

function payments(invoice: Invoice, frame: Frame): StripeJson {
  if (!expands(frame, 'payments')) return {}
  const inside = below(frame, 'payments.data')
  const all = frame.core
    .ids('invoice_payment')
    .flatMap((id) => frame.core.at('invoice_payment', id, frame.atMs) ?? [])
    .filter((payment) => payment.invoice === invoice.id)
    .reverse()
    .map((payment) => invoicePaymentJson(payment, inside))
  return { payments: embeddedList(`/v1/invoice_payments?invoice=${invoice.id}`, all, shownPayments) }
}

function oldInvoice(json: StripeJson, invoice: Invoice, frame: Frame): StripeJson {
  const {
    parent: _parent,
    amount_overpaid: _over,
    total_taxes: _taxes,
    total_pretax_credit_amounts: _pretax,
    confirmation_secret: _secret,
    ...old
  } = json
  return {
    ...old,
    charge: reference(frame, 'charge', invoice.charge, 'charge'),
    discount: null,
    paid: invoice.status === 'paid',
    paid_out_of_band: invoice.status === 'paid' && invoice.paymentIntent === null && invoice.amountPaid > 0,
    payment_intent: reference(frame, 'payment_intent', invoice.paymentIntent, 'payment_intent'),
    quote: null,
    subscription: reference(frame, 'subscription', invoice.subscription, 'subscription'),
    subscription_details: invoice.subscription === null ? null : { metadata: {} },
    tax: null,
    total_tax_amounts: [],
    transfer_data: null,
  }
}

export function invoicePaymentJson(payment: InvoicePayment, frame: Frame): StripeJson {
  const json = {
    id: payment.id,
    object: 'invoice_payment',
    amount_paid: payment.amountPaid,
    amount_requested: payment.amountRequested,
    created: payment.createdS,
    currency: payment.currency,
    invoice: reference(frame, 'invoice', payment.invoice, 'invoice'),
    is_default: payment.isDefault,
    livemode: payment.livemode,
    payment:
      payment.paymentIntent === null
        ? { type: 'charge', charge: reference(frame, 'charge', payment.charge ?? '', 'payment.charge') }
        : {
            type: 'payment_intent',
            payment_intent: reference(frame, 'payment_intent', payment.paymentIntent, 'payment.payment_intent'),
          },
    status: payment.status,
    status_transitions: { canceled_at: payment.canceledS, paid_at: payment.paidS },
  } satisfies Wire<Stripe.InvoicePayment>
  return json
}

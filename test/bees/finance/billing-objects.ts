import { canary, dayS, epochS, type Shape, stripeId } from './stripe-ids.ts'

export interface ItemParts {
  readonly id?: string
  readonly price?: string
  readonly lookup_key?: string | null
  readonly quantity?: number
  readonly unit_amount?: number
  readonly periodStart?: number
  readonly periodEnd?: number
}

export interface SubscriptionParts {
  readonly id: string
  readonly customer: string
  readonly status?: string
  readonly items?: readonly ItemParts[]
  readonly hasMore?: boolean
  readonly currency?: string
  readonly cancel_at?: number | null
  readonly cancel_at_period_end?: boolean
  readonly extra?: Record<string, unknown>
}

export function subscriptionOf(parts: SubscriptionParts, shape: Shape = 'new'): Record<string, unknown> {
  const currency = parts.currency ?? 'usd'
  const items = parts.items ?? [{}]
  const start = items[0]?.periodStart ?? epochS
  const end = items[0]?.periodEnd ?? epochS + 30 * dayS
  return {
    id: parts.id,
    object: 'subscription',
    created: epochS,
    livemode: false,
    customer: parts.customer,
    status: parts.status ?? 'active',
    currency,
    cancel_at: parts.cancel_at ?? null,
    cancel_at_period_end: parts.cancel_at_period_end ?? false,
    canceled_at: null,
    ended_at: null,
    trial_end: null,
    pause_collection: null,
    pending_update: null,
    test_clock: null,
    latest_invoice: `${parts.id}_in`,
    metadata: {},
    ...(shape === 'old' ? { current_period_start: start, current_period_end: end, discount: null } : { discounts: [] }),
    items: {
      object: 'list',
      has_more: parts.hasMore ?? false,
      data: items.map((item, index) => ({
        id: item.id ?? `${parts.id}_si${index}`,
        object: 'subscription_item',
        quantity: item.quantity ?? 1,
        price: {
          id: item.price ?? 'price_1TgBeePro',
          object: 'price',
          product: 'prod_TgBeePro',
          lookup_key: item.lookup_key === undefined ? 'pro' : item.lookup_key,
          unit_amount: item.unit_amount ?? 1900,
          unit_amount_decimal: String(item.unit_amount ?? 1900),
          currency,
        },
        ...(shape === 'old'
          ? { plan: { id: item.price ?? 'price_1TgBeePro', amount: item.unit_amount ?? 1900, currency } }
          : { current_period_start: item.periodStart ?? start, current_period_end: item.periodEnd ?? end }),
      })),
    },
    ...parts.extra,
  }
}

export interface InvoiceParts {
  readonly id: string
  readonly customer: string
  readonly subscription?: string
  readonly status?: string
  readonly total?: number
  readonly amount_due?: number
  readonly amount_paid?: number
  readonly currency?: string
  readonly payment_intent?: string
  readonly charge?: string
  readonly attempt_count?: number
  readonly extra?: Record<string, unknown>
  readonly paidAt?: number | null
  readonly nextAttempt?: number | null
}

export function invoiceOf(parts: InvoiceParts, shape: Shape = 'new'): Record<string, unknown> {
  const status = parts.status ?? 'paid'
  const due = parts.amount_due ?? 1900
  const paidAt = parts.paidAt === undefined ? (status === 'paid' ? epochS : null) : parts.paidAt
  return {
    id: parts.id,
    object: 'invoice',
    created: epochS,
    livemode: false,
    customer: parts.customer,
    customer_email: canary,
    customer_name: canary,
    customer_address: { line1: canary },
    status,
    total: parts.total ?? due,
    amount_due: due,
    amount_paid: parts.amount_paid ?? (status === 'paid' ? due : 0),
    currency: parts.currency ?? 'usd',
    billing_reason: 'subscription_cycle',
    attempt_count: parts.attempt_count ?? 1,
    next_payment_attempt: parts.nextAttempt ?? null,
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: paidAt, voided_at: null },
    test_clock: null,
    ...(shape === 'old'
      ? {
          paid: status === 'paid',
          subscription: parts.subscription ?? null,
          payment_intent: parts.payment_intent ?? null,
          charge: parts.charge ?? null,
        }
      : {
          parent: parts.subscription
            ? { type: 'subscription_details', subscription_details: { subscription: parts.subscription, metadata: {} } }
            : null,
          payments: {
            object: 'list',
            has_more: false,
            data:
              parts.payment_intent === undefined && parts.charge === undefined
                ? []
                : [
                    invoicePaymentOf({
                      id: `${parts.id}_pay`,
                      invoice: parts.id,
                      ...(parts.payment_intent === undefined ? {} : { payment_intent: parts.payment_intent }),
                      ...(parts.charge === undefined ? {} : { charge: parts.charge }),
                      status: status === 'paid' ? 'paid' : 'open',
                      amount: due,
                      currency: parts.currency ?? 'usd',
                      paidAt,
                    }),
                  ],
          },
        }),
    ...parts.extra,
  }
}

export interface InvoicePaymentParts {
  readonly id: string
  readonly invoice: string
  readonly payment_intent?: string
  readonly charge?: string
  readonly status?: string
  readonly amount?: number
  readonly currency?: string
  readonly paidAt?: number | null
}

/** Objects of their own since basil. */
export function invoicePaymentOf(parts: InvoicePaymentParts): Record<string, unknown> {
  const status = parts.status ?? 'paid'
  const amount = parts.amount ?? 1900
  const { payment_intent, charge } = parts
  return {
    id: parts.id,
    object: 'invoice_payment',
    created: epochS,
    livemode: false,
    invoice: parts.invoice,
    is_default: true,
    status,
    amount_paid: status === 'paid' ? amount : null,
    amount_requested: amount,
    currency: parts.currency ?? 'usd',
    payment: payment_intent === undefined ? { type: 'charge', charge } : { type: 'payment_intent', payment_intent },
    status_transitions: {
      canceled_at: null,
      paid_at: parts.paidAt === undefined ? (status === 'paid' ? epochS : null) : parts.paidAt,
    },
  }
}

export interface CheckoutParts {
  readonly customer: string | null
  readonly user?: string | null
  readonly metadataUser?: string
  readonly subscription?: string | null
  readonly id?: string
  readonly mode?: string
  readonly status?: string
  readonly created?: number
  readonly payment_status?: string
  readonly payment_intent?: string | null
  readonly invoice?: string | null
  readonly amount_total?: number
  readonly currency?: string
}

export function checkoutOf(parts: CheckoutParts): Record<string, unknown> {
  return {
    id: parts.id ?? stripeId('cs_test'),
    object: 'checkout.session',
    created: parts.created ?? epochS,
    livemode: false,
    client_secret: canary,
    url: `https://checkout.example.org/${canary}`,
    mode: parts.mode ?? 'subscription',
    status: parts.status ?? 'complete',
    payment_status: parts.payment_status ?? 'paid',
    customer: parts.customer,
    customer_details: { email: canary, name: canary, phone: canary, address: { line1: canary } },
    client_reference_id: parts.user ?? null,
    metadata: parts.metadataUser === undefined ? {} : { user_id: parts.metadataUser },
    subscription: parts.subscription ?? null,
    payment_intent: parts.payment_intent ?? null,
    invoice: parts.invoice ?? null,
    amount_total: parts.amount_total ?? 1900,
    currency: parts.currency ?? 'usd',
  }
}

export const deletedCustomerOf = (id: string): Record<string, unknown> => ({
  id,
  object: 'customer',
  deleted: true,
  email: canary,
  name: canary,
  phone: canary,
  address: { line1: canary },
})

export interface CustomerParts {
  readonly id: string
  readonly delinquent?: boolean
  readonly currency?: string | null
  readonly test_clock?: string
}

export function customerOf(parts: CustomerParts): Record<string, unknown> {
  return {
    ...deletedCustomerOf(parts.id),
    deleted: undefined,
    created: epochS,
    livemode: false,
    balance: 0,
    delinquent: parts.delinquent ?? false,
    currency: parts.currency ?? 'usd',
    shipping: { name: canary, address: { line1: canary } },
    metadata: {},
    ...(parts.test_clock === undefined ? {} : { test_clock: parts.test_clock }),
  }
}

export interface CreditNoteParts {
  readonly id: string
  readonly invoice: string
  readonly customer: string
  readonly amount: number
  readonly status?: string
  readonly type?: string
  readonly currency?: string
  readonly refund?: string
}

export function creditNoteOf(parts: CreditNoteParts, shape: Shape = 'new'): Record<string, unknown> {
  const { refund = null, amount } = parts
  return {
    id: parts.id,
    object: 'credit_note',
    created: epochS,
    livemode: false,
    invoice: parts.invoice,
    customer: parts.customer,
    amount,
    total: amount,
    currency: parts.currency ?? 'usd',
    status: parts.status ?? 'issued',
    type: parts.type ?? 'post_payment',
    reason: 'order_change',
    pdf: `https://pay.example.org/${canary}`,
    ...(shape === 'old' ? { refund } : { refunds: refund === null ? [] : [{ amount_refunded: amount, refund }] }),
  }
}

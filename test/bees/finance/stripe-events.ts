/**
 * Our own factories of Stripe events, in two shapes: `old` as before the API version 2025-03-31.basil, `new` as since
 * then. Every personal member carries the canary, so that a leak shows.
 */

export type Shape = 'old' | 'new'

export const shapes: readonly Shape[] = ['old', 'new']
export const canary = 'canary.person@example.org'
/** 2026-01-01T00:00:00Z, seconds since 1970. */
export const epochS = 1_767_225_600
export const dayS = 86_400

const versions: Readonly<Record<Shape, string>> = { old: '2024-11-20.acacia', new: '2026-10-28.endive' }
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789'
let serial = 0

/** An id like Stripe's, different for each call and equal in every run. */
export function stripeId(prefix: string): string {
  serial += 1
  let rest = serial * 7919
  let tail = ''
  for (let i = 0; i < 6; i += 1) {
    tail += letters[rest % letters.length]
    rest = Math.floor(rest / letters.length) + serial * 31 + i
  }
  return `${prefix}_1TgBee${String(serial).padStart(6, '0')}${tail}`
}

export interface SentEvent {
  readonly id: string
  readonly object: 'event'
  readonly type: string
  readonly created: number
  readonly livemode: boolean
  readonly account?: string
  readonly api_version: string
  readonly pending_webhooks: number
  readonly request: unknown
  readonly data: { readonly object: Record<string, unknown>; readonly previous_attributes?: Record<string, unknown> }
}

export interface EventOptions {
  readonly id?: string
  readonly created?: number
  readonly livemode?: boolean
  readonly account?: string
  readonly shape?: Shape
}

export function eventOf(type: string, object: Record<string, unknown>, options: EventOptions = {}): SentEvent {
  return {
    id: options.id ?? stripeId('evt'),
    object: 'event',
    type,
    created: options.created ?? epochS,
    livemode: options.livemode ?? false,
    ...(options.account === undefined ? {} : { account: options.account }),
    api_version: versions[options.shape ?? 'new'],
    pending_webhooks: 1,
    request: { id: stripeId('req'), idempotency_key: null },
    data: { object },
  }
}

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
    customer: parts.customer,
    status: parts.status ?? 'active',
    currency,
    cancel_at: parts.cancel_at ?? null,
    cancel_at_period_end: parts.cancel_at_period_end ?? false,
    canceled_at: null,
    ended_at: null,
    trial_end: null,
    pause_collection: null,
    latest_invoice: stripeId('in'),
    metadata: {},
    ...(shape === 'old' ? { current_period_start: start, current_period_end: end, discount: null } : { discounts: [] }),
    items: {
      object: 'list',
      has_more: parts.hasMore ?? false,
      data: items.map((item) => ({
        id: item.id ?? stripeId('si'),
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
  readonly amount_due?: number
  readonly amount_paid?: number
  readonly currency?: string
  readonly payment_intent?: string
  readonly charge?: string
  readonly attempt_count?: number
  readonly paidAt?: number | null
  readonly nextAttempt?: number | null
}

export function invoiceOf(parts: InvoiceParts, shape: Shape = 'new'): Record<string, unknown> {
  const status = parts.status ?? 'paid'
  const due = parts.amount_due ?? 1900
  const payment = { type: 'payment_intent', payment_intent: parts.payment_intent ?? null, charge: parts.charge ?? null }
  return {
    id: parts.id,
    object: 'invoice',
    customer: parts.customer,
    customer_email: canary,
    customer_name: canary,
    customer_address: { line1: canary },
    status,
    amount_due: due,
    amount_paid: parts.amount_paid ?? (status === 'paid' ? due : 0),
    currency: parts.currency ?? 'usd',
    billing_reason: 'subscription_cycle',
    attempt_count: parts.attempt_count ?? 1,
    next_payment_attempt: parts.nextAttempt ?? null,
    status_transitions: { paid_at: parts.paidAt === undefined ? (status === 'paid' ? epochS : null) : parts.paidAt },
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
            data: [{ id: stripeId('inpay'), status: status === 'paid' ? 'paid' : 'open', payment }],
          },
        }),
  }
}

export interface ChargeParts {
  readonly id: string
  readonly customer: string | null
  readonly amount: number
  readonly amount_refunded: number
  readonly currency?: string
  readonly payment_intent?: string
  readonly invoice?: string
  readonly refunds?: readonly { readonly id: string; readonly amount: number; readonly status?: string }[]
}

export function chargeOf(parts: ChargeParts, shape: Shape = 'new'): Record<string, unknown> {
  const currency = parts.currency ?? 'usd'
  const refunds = (parts.refunds ?? []).map((refund) => ({
    object: 'refund',
    currency,
    status: 'succeeded',
    reason: 'requested_by_customer',
    created: epochS,
    ...refund,
  }))
  return {
    id: parts.id,
    object: 'charge',
    customer: parts.customer,
    billing_details: { email: canary, name: canary, phone: canary, address: { line1: canary } },
    receipt_email: canary,
    amount: parts.amount,
    amount_refunded: parts.amount_refunded,
    refunded: parts.amount_refunded === parts.amount,
    currency,
    payment_intent: parts.payment_intent ?? null,
    ...(shape === 'old' ? { invoice: parts.invoice ?? null } : {}),
    ...(shape === 'old' || refunds.length > 0 ? { refunds: { object: 'list', has_more: false, data: refunds } } : {}),
  }
}

export interface CheckoutParts {
  readonly customer: string | null
  readonly user?: string | null
  readonly metadataUser?: string
  readonly subscription?: string | null
  readonly id?: string
  readonly mode?: string
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
    mode: parts.mode ?? 'subscription',
    status: 'complete',
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

/**
 * The normal form: what the SQL functions get. One fact is the whole state of one Stripe object as far as we keep it, and
 * its members are called like the columns of its table; times are RFC 3339, amounts integers in minor units. A fact holds
 * nothing but what its object says, so that a row is a function of the object's last state, whatever came before.
 * Type aliases, since an interface is not assignable to a JSON value.
 */

/** The tables finance.<kind>s, and how Stripe's API calls the objects. */
export type Kind =
  | 'customer'
  | 'checkout_session'
  | 'subscription'
  | 'invoice'
  | 'invoice_payment'
  | 'payment_intent'
  | 'charge'
  | 'refund'
  | 'dispute'
  | 'credit_note'

/** All of them carry their object's own `created` as `made_at`. */
type Made = { readonly id: string; readonly made_at: string | null }

/** Of a deleted one nothing else is told: `made_at` and `currency` are null and `delinquent` is false. */
export type CustomerFact = Made & {
  readonly deleted: boolean
  readonly delinquent: boolean
  readonly currency: string | null
}

export type CheckoutSessionFact = Made & {
  readonly mode: string | null
  readonly status: string | null
  readonly payment_status: string | null
  readonly subscription: string | null
  readonly user_id: string | null
  readonly payment_intent: string | null
  readonly invoice: string | null
  readonly amount_total: number | null
  readonly currency: string | null
}

export type ItemFact = {
  readonly id: string
  readonly price: string | null
  readonly product: string | null
  readonly lookup_key: string | null
  readonly quantity: number | null
  /** Minor units; null for tiered prices and fractions of a minor unit. */
  readonly unit_amount: number | null
  readonly currency: string | null
  readonly period_start: string | null
  readonly period_end: string | null
}

export type SubscriptionFact = Made & {
  readonly status: string | null
  readonly currency: string | null
  readonly cancel_at_period_end: boolean
  readonly cancel_at: string | null
  readonly canceled_at: string | null
  readonly ended_at: string | null
  readonly trial_end: string | null
  readonly collection_paused: boolean
  readonly update_pending: boolean
  readonly latest_invoice: string | null
  readonly items: readonly ItemFact[]
}

export type InvoiceFact = Made & {
  readonly status: string | null
  readonly subscription: string | null
  /** Until basil; since then invoice payments say it. */
  readonly payment_intent: string | null
  readonly charge: string | null
  readonly total: number | null
  readonly amount_due: number | null
  readonly amount_paid: number | null
  readonly currency: string | null
  readonly billing_reason: string | null
  readonly attempt_count: number | null
  readonly next_attempt_at: string | null
  readonly paid_at: string | null
}

export type InvoicePaymentFact = Made & {
  readonly invoice: string | null
  readonly payment_intent: string | null
  readonly charge: string | null
  readonly status: string | null
  readonly amount_paid: number | null
  readonly currency: string | null
  readonly paid_at: string | null
}

export type PaymentIntentFact = Made & {
  readonly status: string | null
  readonly amount: number | null
  readonly amount_received: number | null
  readonly currency: string | null
  readonly latest_charge: string | null
  /** Until basil. */
  readonly invoice: string | null
}

export type ChargeFact = Made & {
  readonly payment_intent: string | null
  /** Until basil. */
  readonly invoice: string | null
  readonly status: string | null
  readonly amount: number | null
  readonly amount_captured: number | null
  /** Stripe's running total of all refunds that have not failed. */
  readonly amount_refunded: number | null
  readonly currency: string | null
}

export type RefundFact = Made & {
  readonly charge: string | null
  readonly payment_intent: string | null
  readonly status: string | null
  readonly amount: number
  readonly currency: string | null
  readonly reason: string | null
  readonly failure_reason: string | null
}

export type DisputeFact = Made & {
  readonly charge: string | null
  readonly payment_intent: string | null
  readonly status: string | null
  readonly reason: string | null
  readonly amount: number
  readonly currency: string | null
  /**
   * What the dispute has moved on the balance so far, without fees: the sum of `amount` of its balance transactions.
   * Negative while the money is withdrawn, 0 when none has moved or all came back; null when not told.
   */
  readonly balance: number | null
}

export type CreditNoteFact = Made & {
  readonly invoice: string | null
  readonly status: string | null
  readonly type: string | null
  readonly amount: number | null
  readonly currency: string | null
  readonly reason: string | null
  readonly refund: string | null
}

/** One fact with its kind, its customer, and whether the payload alone can be trusted to be the whole object. */
export type Told = {
  /** The object must be read from Stripe: it lives by a test clock, or the payload shows only a part of it. */
  readonly must_read: boolean
  readonly customer: string | null
} & (
  | { readonly kind: 'customer'; readonly fact: CustomerFact }
  | { readonly kind: 'checkout_session'; readonly fact: CheckoutSessionFact }
  | { readonly kind: 'subscription'; readonly fact: SubscriptionFact }
  | { readonly kind: 'invoice'; readonly fact: InvoiceFact }
  | { readonly kind: 'invoice_payment'; readonly fact: InvoicePaymentFact }
  | { readonly kind: 'payment_intent'; readonly fact: PaymentIntentFact }
  | { readonly kind: 'charge'; readonly fact: ChargeFact }
  | { readonly kind: 'refund'; readonly fact: RefundFact }
  | { readonly kind: 'dispute'; readonly fact: DisputeFact }
  | { readonly kind: 'credit_note'; readonly fact: CreditNoteFact }
)

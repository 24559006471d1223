/**
 * The normal form: what the SQL function gets. Members are called like the columns; times are RFC 3339. Type aliases,
 * since an interface is not assignable to a JSON value.
 */

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

export type SubscriptionFact = {
  readonly id: string
  readonly status: string | null
  readonly deleted: boolean
  readonly currency: string | null
  readonly cancel_at_period_end: boolean
  readonly cancel_at: string | null
  readonly canceled_at: string | null
  readonly ended_at: string | null
  readonly trial_end: string | null
  readonly collection_paused: boolean
  readonly latest_invoice: string | null
  readonly items: readonly ItemFact[]
  /** False when Stripe sent only the first items: those that are missing are then not gone. */
  readonly items_complete: boolean
}

export type PaymentFact = {
  readonly id: string
  readonly source: 'invoice'
  readonly status: string | null
  readonly subscription: string | null
  readonly payment_intent: string | null
  readonly charge: string | null
  readonly amount_due: number | null
  readonly amount_paid: number | null
  readonly currency: string | null
  readonly billing_reason: string | null
  readonly attempt_count: number | null
  readonly next_attempt_at: string | null
  readonly paid_at: string | null
}

export type RefundFact = {
  readonly id: string
  readonly status: string | null
  readonly amount: number
  readonly currency: string | null
  readonly reason: string | null
  readonly refunded_at: string | null
}

export type ChargeFact = {
  readonly id: string
  readonly payment_intent: string | null
  readonly invoice: string | null
  readonly amount: number | null
  /** Of all refunds together. */
  readonly amount_refunded: number
  readonly currency: string | null
  readonly refunds: readonly RefundFact[]
}

export type CheckoutFact = {
  readonly id: string
  readonly mode: string | null
  readonly subscription: string | null
  readonly user_id: string | null
  readonly payment_status: string | null
  readonly payment_intent: string | null
  readonly invoice: string | null
  readonly amount_total: number | null
  readonly currency: string | null
}

/** One fact and the customer it is about. */
export type Told =
  | { readonly kind: 'subscription'; readonly customer: string; readonly fact: SubscriptionFact }
  | { readonly kind: 'payment'; readonly customer: string | null; readonly fact: PaymentFact }
  | { readonly kind: 'charge'; readonly customer: string | null; readonly fact: ChargeFact }
  | { readonly kind: 'checkout'; readonly customer: string | null; readonly fact: CheckoutFact }
  | { readonly kind: 'customer_deleted'; readonly customer: string; readonly fact: null }
  | { readonly kind: 'ignored'; readonly customer: null; readonly fact: null }

export type NormalForm = Told & {
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
  readonly event: string
  readonly type: string
  readonly created_at: string
  readonly api_version: string | null
}

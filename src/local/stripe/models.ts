/**
 * The world's objects, independent of any API version. Times are whole seconds since 1970 and end in S, amounts are
 * integers in minor units. Frozen: a change makes a new version.
 */

interface Base {
  readonly id: string
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
  readonly createdS: number
  readonly customer: string | null
  readonly testClock: string | null
}

export interface Customer extends Base {
  readonly customer: string
  readonly deleted: boolean
  readonly delinquent: boolean
  readonly currency: string | null
  readonly email: string
}

export interface CheckoutSession extends Base {
  readonly mode: 'subscription' | 'payment' | 'setup'
  readonly status: 'open' | 'complete' | 'expired'
  readonly paymentStatus: 'paid' | 'unpaid' | 'no_payment_required'
  readonly subscription: string | null
  /** `client_reference_id`. */
  readonly user: string | null
  /** `metadata.user_id`, for those who say it there. */
  readonly metadataUser: string | null
  readonly paymentIntent: string | null
  readonly invoice: string | null
  readonly amountTotal: number | null
  readonly currency: string | null
  readonly expiresS: number
}

export interface Price {
  readonly id: string
  readonly product: string
  readonly lookupKey: string | null
  /** Null for a price with fractions of a minor unit. */
  readonly unitAmount: number | null
  readonly unitAmountDecimal: string
  readonly currency: string
  readonly intervalDays: number
}

export interface Item {
  readonly id: string
  readonly createdS: number
  readonly price: Price
  readonly quantity: number
  readonly periodStartS: number
  readonly periodEndS: number
}

export interface Subscription extends Base {
  readonly customer: string
  /** Stripe adds values without asking. */
  readonly status: string
  readonly currency: string
  readonly cancelAtPeriodEnd: boolean
  readonly cancelAtS: number | null
  readonly canceledAtS: number | null
  readonly endedAtS: number | null
  readonly trialStartS: number | null
  readonly trialEndS: number | null
  readonly startS: number
  readonly pauseCollection: 'keep_as_draft' | 'mark_uncollectible' | 'void' | null
  readonly pendingUpdate: { readonly expiresS: number; readonly items: readonly Item[] } | null
  readonly latestInvoice: string | null
  /** In the order in which they were made. */
  readonly items: readonly Item[]
}

export interface Invoice extends Base {
  readonly customer: string
  readonly status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void'
  /** A draft that was deleted: Stripe does not know it any more. */
  readonly deleted: boolean
  readonly subscription: string | null
  readonly paymentIntent: string | null
  readonly charge: string | null
  readonly total: number
  readonly amountDue: number
  readonly amountPaid: number
  readonly amountOverpaid: number
  readonly currency: string
  readonly billingReason: string
  readonly attemptCount: number
  readonly nextAttemptS: number | null
  readonly finalizedS: number | null
  readonly paidS: number | null
  readonly voidedS: number | null
  readonly uncollectibleS: number | null
  readonly periodStartS: number
  readonly periodEndS: number
  readonly finalizationError: boolean
}

export interface InvoicePayment extends Base {
  readonly invoice: string
  readonly paymentIntent: string | null
  readonly charge: string | null
  readonly status: 'open' | 'paid' | 'canceled'
  readonly amountPaid: number | null
  readonly amountRequested: number
  readonly currency: string
  readonly paidS: number | null
  readonly canceledS: number | null
  readonly isDefault: boolean
}

export interface PaymentIntent extends Base {
  readonly status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'processing'
    | 'succeeded'
    | 'canceled'
  readonly amount: number
  readonly amountReceived: number
  readonly currency: string
  readonly latestCharge: string | null
  readonly invoice: string | null
  readonly failed: boolean
  readonly canceledS: number | null
}

export interface Charge extends Base {
  readonly paymentIntent: string | null
  readonly invoice: string | null
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly amount: number
  readonly amountCaptured: number
  readonly amountRefunded: number
  readonly currency: string
  readonly disputed: boolean
}

export interface Refund extends Base {
  readonly charge: string
  readonly paymentIntent: string | null
  readonly status: 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled'
  readonly amount: number
  readonly currency: string
  readonly reason: string | null
  readonly failureReason: string | null
}

export interface BalanceMove {
  readonly id: string
  /** Negative: withdrawn. */
  readonly amount: number
  readonly createdS: number
}

export interface Dispute extends Base {
  readonly charge: string
  readonly paymentIntent: string | null
  /** Newer versions know more of them. */
  readonly status: string
  readonly reason: string
  readonly amount: number
  readonly currency: string
  readonly moves: readonly BalanceMove[]
}

export interface CreditNote extends Base {
  readonly customer: string
  readonly invoice: string
  readonly status: 'issued' | 'void'
  readonly type: 'pre_payment' | 'post_payment' | 'mixed'
  readonly amount: number
  readonly currency: string
  readonly reason: string | null
  readonly refund: string | null
  readonly voidedS: number | null
}

export interface Model {
  readonly customer: Customer
  readonly checkout_session: CheckoutSession
  readonly subscription: Subscription
  readonly invoice: Invoice
  readonly invoice_payment: InvoicePayment
  readonly payment_intent: PaymentIntent
  readonly charge: Charge
  readonly refund: Refund
  readonly dispute: Dispute
  readonly credit_note: CreditNote
}

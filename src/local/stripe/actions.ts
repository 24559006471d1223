import type {
  Charge,
  CheckoutSession,
  CreditNote,
  Customer,
  Dispute,
  Invoice,
  PaymentIntent,
  Price,
  Refund,
  Subscription,
} from './models.ts'

/** How an attempt to collect money goes. */
export type Payment = 'paid' | 'failed' | 'action_required' | 'processing'

export interface Line {
  readonly price: Price
  /** @default 1 */
  readonly quantity?: number | undefined
}

export interface NewCustomer {
  /** @default 'self' */
  readonly account?: string | undefined
  /** @default the world's */
  readonly livemode?: boolean | undefined
  /** Lives by a test clock. @default false */
  readonly testClock?: boolean | undefined
}

export interface NewCheckout {
  readonly mode: 'subscription' | 'payment' | 'setup'
  /** Null: a guest in payment mode, a new customer in the others. */
  readonly customer: string | null
  /** Our own user, told as `client_reference_id`. */
  readonly user?: string | null | undefined
  /** The same, told in `metadata.user_id`. */
  readonly metadataUser?: string | null | undefined
  /** For subscription mode. */
  readonly lines?: readonly Line[] | undefined
  /** For payment mode. */
  readonly amount?: number | undefined
  readonly currency?: string | undefined
  /** For guests. */
  readonly account?: string | undefined
  readonly livemode?: boolean | undefined
}

export interface NewSubscription {
  readonly customer: string
  readonly lines: readonly Line[]
  /** Days of trial. @default 0 */
  readonly trialDays?: number | undefined
  /** The first payment. @default 'paid' */
  readonly payment?: Payment | undefined
}

/**
 * What can be done to the world. Ids are given and the new state comes back. Each throws a RangeError for what Stripe
 * would refuse too (a refund beyond the charge, a change of something that has ended).
 */
export interface Actions {
  // Customers
  createCustomer(options?: NewCustomer): Customer
  updateCustomer(customer: string): Customer
  /** Ends its subscriptions too. */
  deleteCustomer(customer: string): Customer

  // Checkout
  /** Stripe makes no event of it. */
  openCheckout(options: NewCheckout): CheckoutSession
  /** `delayed`: the money comes days later, or not. */
  completeCheckout(session: string, how?: 'at_once' | 'delayed' | 'trial'): CheckoutSession
  settleCheckout(session: string, paid: boolean): CheckoutSession
  expireCheckout(session: string): CheckoutSession

  // Subscriptions
  subscribe(options: NewSubscription): Subscription
  /** The next period: its invoice is made, finalized and collected; the first failure makes `past_due`. */
  renew(subscription: string, payment?: Payment): Subscription
  addItem(subscription: string, line: Line): Subscription
  removeItem(subscription: string, item: string): Subscription
  /** Another price or quantity for an item, with an invoice for the difference when `prorate`. */
  changeItem(subscription: string, item: string, line: Line, prorate?: boolean): Subscription
  /** A change that counts only once it is paid. */
  proposeUpdate(subscription: string, item: string, line: Line): Subscription
  settleUpdate(subscription: string, applied: boolean): Subscription
  cancel(subscription: string, when: 'now' | 'period_end'): Subscription
  undoCancel(subscription: string): Subscription
  /** The period of one that is to be cancelled has passed. */
  reachEnd(subscription: string): Subscription
  trialWillEnd(subscription: string): Subscription
  /** Without a payment the subscription pauses. */
  endTrial(subscription: string, payment?: Payment | 'none'): Subscription
  pause(subscription: string): Subscription
  resume(subscription: string): Subscription
  /** `pause_collection`: the status stays. */
  pauseCollection(subscription: string, paused: boolean): Subscription
  /** Dunning has ended without money. */
  giveUp(subscription: string, how: 'unpaid' | 'canceled'): Subscription
  /** 23 hours without the first payment. */
  expireIncomplete(subscription: string): Subscription
  /** A status that nobody knows yet, and back: two changes. */
  passThroughUnknown(subscription: string, status: string): Subscription
  /** `invoice.upcoming` has no id. */
  announceInvoice(subscription: string): void

  // Invoices
  /** Outside of any subscription when null. */
  draftInvoice(customer: string, amount: number, currency: string): Invoice
  deleteDraft(invoice: string): Invoice
  finalize(invoice: string): Invoice
  failFinalization(invoice: string): Invoice
  pay(invoice: string, payment?: Payment): Invoice
  /** Of a payment that was processing. */
  settleInvoice(invoice: string, paid: boolean): Invoice
  payOutOfBand(invoice: string): Invoice
  overpay(invoice: string, extra: number): Invoice
  voidInvoice(invoice: string): Invoice
  markUncollectible(invoice: string): Invoice

  // One-off payments
  startPayment(options: {
    readonly customer: string | null
    readonly amount: number
    readonly currency: string
    readonly account?: string | undefined
    readonly livemode?: boolean | undefined
  }): PaymentIntent
  confirmPayment(paymentIntent: string, payment: Payment): PaymentIntent
  settlePayment(paymentIntent: string, paid: boolean): PaymentIntent
  cancelPayment(paymentIntent: string): PaymentIntent

  // Money back
  refund(charge: string, amount: number, status?: 'succeeded' | 'pending'): Refund
  /** A pending one arrives; one that has failed gives the money back. */
  settleRefund(refund: string, status: 'succeeded' | 'failed' | 'canceled'): Refund
  /** `inquiry`: a warning, no money moves. */
  openDispute(charge: string, options?: { readonly amount?: number; readonly inquiry?: boolean }): Dispute
  withdrawFunds(dispute: string): Dispute
  submitEvidence(dispute: string): Dispute
  closeDispute(dispute: string, outcome: 'won' | 'lost' | 'warning_closed' | 'prevented'): Dispute
  /** Newer versions: a lost dispute goes on. */
  appealDispute(dispute: string): Dispute
  issueCreditNote(invoice: string, amount: number, refund?: string | null): CreditNote
  voidCreditNote(creditNote: string): CreditNote

  /** Something that nobody keeps: `product.updated`, `payment_method.attached`, ... */
  distract(type: string, tenant?: { readonly account?: string; readonly livemode?: boolean }): void
  /** A charge as it is, for tests. */
  charge(charge: string): Charge
}

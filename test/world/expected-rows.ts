import type { Item, Kind, Model, Subscription } from '../../src/local/stripe/index.ts'
import type { Row, TableName } from './types.ts'

/** What a row must say of an object: members as the columns are called. Written from the plan's words, not from the bee. */
export const time = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString()

export const tables: { readonly [K in Kind]: TableName } = {
  customer: 'customers',
  checkout_session: 'checkout_sessions',
  subscription: 'subscriptions',
  invoice: 'invoices',
  invoice_payment: 'invoice_payments',
  payment_intent: 'payment_intents',
  charge: 'charges',
  refund: 'refunds',
  dispute: 'disputes',
  credit_note: 'credit_notes',
}

/** Members that only one of the two shapes tells: null is right too. */
export const shapeBound: { readonly [T in TableName]?: readonly string[] } = {
  invoices: ['payment_intent', 'charge'],
  payment_intents: ['invoice'],
  charges: ['invoice'],
}

export const rows: { readonly [K in Kind]: (object: Model[K]) => Row } = {
  customer: (one) =>
    one.deleted
      ? { id: one.id, deleted: true, user_id: null }
      : {
          id: one.id,
          made_at: time(one.createdS),
          deleted: false,
          delinquent: one.delinquent,
          currency: one.currency,
        },
  checkout_session: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    mode: one.mode,
    status: one.status,
    payment_status: one.paymentStatus,
    subscription: one.subscription,
    user_id: one.user ?? one.metadataUser,
    payment_intent: one.paymentIntent,
    invoice: one.invoice,
    amount_total: one.amountTotal,
    currency: one.currency,
  }),
  subscription: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    customer: one.customer,
    status: one.status,
    // The world never ends with a status that nobody knows.
    known_status: one.status,
    currency: one.currency,
    cancel_at_period_end: one.cancelAtPeriodEnd,
    cancel_at: time(one.cancelAtS),
    canceled_at: time(one.canceledAtS),
    ended_at: time(one.endedAtS),
    trial_end: time(one.trialEndS),
    collection_paused: one.pauseCollection !== null,
    update_pending: one.pendingUpdate !== null,
    latest_invoice: one.latestInvoice,
  }),
  invoice: (one) =>
    one.deleted
      ? { id: one.id, status: 'deleted' }
      : {
          id: one.id,
          made_at: time(one.createdS),
          customer: one.customer,
          status: one.status,
          subscription: one.subscription,
          payment_intent: one.paymentIntent,
          charge: one.charge,
          total: one.total,
          amount_due: one.amountDue,
          amount_paid: one.amountPaid,
          currency: one.currency,
          billing_reason: one.billingReason,
          attempt_count: one.attemptCount,
          next_attempt_at: time(one.nextAttemptS),
          paid_at: time(one.paidS),
        },
  invoice_payment: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    invoice: one.invoice,
    payment_intent: one.paymentIntent,
    charge: one.charge,
    status: one.status,
    amount_paid: one.amountPaid,
    currency: one.currency,
    paid_at: time(one.paidS),
  }),
  payment_intent: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    customer: one.customer,
    status: one.status,
    amount: one.amount,
    amount_received: one.amountReceived,
    currency: one.currency,
    latest_charge: one.latestCharge,
    invoice: one.invoice,
  }),
  charge: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    customer: one.customer,
    payment_intent: one.paymentIntent,
    invoice: one.invoice,
    status: one.status,
    amount: one.amount,
    amount_captured: one.amountCaptured,
    amount_refunded: one.amountRefunded,
    currency: one.currency,
  }),
  refund: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    charge: one.charge,
    payment_intent: one.paymentIntent,
    status: one.status,
    amount: one.amount,
    currency: one.currency,
    reason: one.reason,
    failure_reason: one.failureReason,
  }),
  dispute: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    charge: one.charge,
    payment_intent: one.paymentIntent,
    status: one.status,
    reason: one.reason,
    amount: one.amount,
    currency: one.currency,
    balance: one.moves.reduce((sum, { amount }) => sum + amount, 0),
  }),
  credit_note: (one) => ({
    id: one.id,
    made_at: time(one.createdS),
    customer: one.customer,
    invoice: one.invoice,
    status: one.status,
    type: one.type,
    amount: one.amount,
    currency: one.currency,
    reason: one.reason,
    refund: one.refund,
  }),
}

export const itemRow = (item: Item, { id }: Subscription): Row => ({
  id: item.id,
  subscription: id,
  price: item.price.id,
  product: item.price.product,
  lookup_key: item.price.lookupKey,
  quantity: item.quantity,
  unit_amount: item.price.unitAmount,
  currency: item.price.currency,
  period_start: time(item.periodStartS),
  period_end: time(item.periodEndS),
})

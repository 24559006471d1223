import type { Kind } from '../../../bees/finance/facts.ts'
import type { Item, Model } from '../../../src/local/stripe/models.ts'
import type { Row } from './recorder.ts'

/**
 * What a row must hold of one state of an object: written anew from the world's objects, without a look at the bee or
 * its SQL. Members that one API version tells and another does not are left out. A member called `null` is of an object
 * that is not there any more.
 */
export type Content = Readonly<Record<string, unknown>>

const time = (seconds: number | null): number | null => seconds

const itemOf = (item: Item): Content => ({
  id: item.id,
  price: item.price.id,
  quantity: item.quantity,
  period_end: item.periodEndS,
})

const contents: { readonly [K in Kind]: (object: Model[K]) => Content } = {
  customer: ({ deleted, delinquent }) => ({ deleted, delinquent: deleted ? false : delinquent }),
  checkout_session: (o) => ({
    status: o.status,
    payment_status: o.paymentStatus,
    subscription: o.subscription,
    amount_total: o.amountTotal,
  }),
  subscription: (o) => ({
    status: o.status,
    cancel_at_period_end: o.cancelAtPeriodEnd,
    cancel_at: time(o.cancelAtS),
    canceled_at: time(o.canceledAtS),
    ended_at: time(o.endedAtS),
    collection_paused: o.pauseCollection !== null,
    update_pending: o.pendingUpdate !== null,
    latest_invoice: o.latestInvoice,
    items: o.items.map(itemOf).toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1)),
  }),
  invoice: (o) => ({
    status: o.deleted ? 'deleted' : o.status,
    ...(o.deleted
      ? {}
      : {
          amount_due: o.amountDue,
          amount_paid: o.amountPaid,
          attempt_count: o.attemptCount,
          next_attempt_at: time(o.nextAttemptS),
          paid_at: time(o.paidS),
        }),
  }),
  invoice_payment: (o) => ({ status: o.status, amount_paid: o.amountPaid, paid_at: time(o.paidS) }),
  payment_intent: (o) => ({ status: o.status, amount: o.amount, amount_received: o.amountReceived }),
  charge: (o) => ({ status: o.status, amount_captured: o.amountCaptured, amount_refunded: o.amountRefunded }),
  refund: (o) => ({ status: o.status, amount: o.amount, failure_reason: o.failureReason }),
  dispute: (o) => ({ status: o.status, amount: o.amount, reason: o.reason }),
  credit_note: (o) => ({ status: o.status, amount: o.amount }),
}

export const contentOf = <K extends Kind>(kind: K, object: Model[K]): Content => contents[kind](object)

/** The same members of a row as the database has it. @param shape a content of the same kind, for its members */
export function contentOfRow(row: Row, shape: Content): Content {
  return Object.fromEntries(
    Object.keys(shape).map((name) => [name, name === 'deleted' ? row['deleted_at'] !== null : plain(row[name])]),
  )
}

/** Times as seconds since 1970, everything else as it is. */
export function plain(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:/.test(value)) return value
  return Date.parse(value) / 1000
}

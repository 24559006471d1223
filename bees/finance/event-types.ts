import type { Kind } from './facts.ts'

export interface AppliedType {
  readonly kind: Kind
  /** The event shows the last state of an object that is gone now. */
  readonly deleted?: true
}

const all = (kind: Kind, prefix: string, names: readonly string[]): readonly (readonly [string, AppliedType])[] =>
  names.map((name) => [`${prefix}.${name}`, { kind }])

/**
 * The types that have an effect, by what their object is. Left out with intent: `invoice.created` (a draft; Stripe waits
 * for its acknowledgement before it bills, so nothing here may hold it up) and `invoice.upcoming` (there is no invoice yet).
 */
const types: ReadonlyMap<string, AppliedType> = new Map<string, AppliedType>([
  ...all('checkout_session', 'checkout.session', [
    'async_payment_failed',
    'async_payment_succeeded',
    'completed',
    'expired',
  ]),
  ...all('customer', 'customer', ['created', 'updated']),
  ['customer.deleted', { kind: 'customer', deleted: true }],
  ...all('subscription', 'customer.subscription', [
    'created',
    'paused',
    'pending_update_applied',
    'pending_update_expired',
    'resumed',
    'trial_will_end',
    'updated',
  ]),
  ['customer.subscription.deleted', { kind: 'subscription', deleted: true }],
  ...all('invoice', 'invoice', [
    'finalization_failed',
    'finalized',
    'marked_uncollectible',
    'overpaid',
    'paid',
    'payment_action_required',
    'payment_failed',
    'payment_succeeded',
    'updated',
    'voided',
  ]),
  ['invoice.deleted', { kind: 'invoice', deleted: true }],
  ...all('invoice_payment', 'invoice_payment', ['paid']),
  ...all('payment_intent', 'payment_intent', [
    'amount_capturable_updated',
    'canceled',
    'partially_funded',
    'payment_failed',
    'processing',
    'requires_action',
    'succeeded',
  ]),
  ...all('charge', 'charge', ['captured', 'expired', 'failed', 'pending', 'refunded', 'succeeded', 'updated']),
  ['charge.refund.updated', { kind: 'refund' }],
  ...all('refund', 'refund', ['created', 'failed', 'updated']),
  ...all('dispute', 'charge.dispute', ['closed', 'created', 'funds_reinstated', 'funds_withdrawn', 'updated']),
  ...all('credit_note', 'credit_note', ['created', 'updated', 'voided']),
])

/** The types of snapshot events that have an effect; thin events have the same with `v1.` in front. */
export const appliedTypes: readonly string[] = Object.freeze([...types.keys()].sort())

/** What the object of an event of this type is; undefined for a type that nobody applies. */
export const appliedType = (type: string): AppliedType | undefined => types.get(type)

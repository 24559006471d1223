import type { Kind } from './facts.ts'

/** How Stripe's API calls the kinds in `object` and in `related_object.type`. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['charge', 'charge'],
  ['checkout.session', 'checkout_session'],
  ['credit_note', 'credit_note'],
  ['customer', 'customer'],
  ['dispute', 'dispute'],
  ['invoice', 'invoice'],
  ['invoice_payment', 'invoice_payment'],
  ['payment_intent', 'payment_intent'],
  ['refund', 'refund'],
  ['subscription', 'subscription'],
])

/** The kind that Stripe calls like this; undefined for one that is not kept here. */
export const kindOf = (type: string): Kind | undefined => kinds.get(type)

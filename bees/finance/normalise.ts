import { z } from '../../src/bee/index.ts'
import { chargeTold } from './charge.ts'
import { checkoutTold } from './checkout.ts'
import type { NormalForm, Told } from './facts.ts'
import { id, read, rfc3339 } from './fields.ts'
import { paymentTold } from './invoice.ts'
import type { StripeEvent } from './stripe-event.ts'
import { subscriptionTold } from './subscription.ts'

/** What each type tells. A type that is not here is stored as ignored. */
const tellers: Readonly<Record<string, (object: unknown) => Told>> = Object.freeze({
  'charge.refunded': chargeTold,
  'checkout.session.completed': checkoutTold,
  'customer.deleted': (object) => {
    const customer = read(z.looseObject({ id }), object, 'customer').id
    return { kind: 'customer_deleted', customer, fact: null }
  },
  'customer.subscription.created': (object) => subscriptionTold(object, false),
  'customer.subscription.deleted': (object) => subscriptionTold(object, true),
  'customer.subscription.updated': (object) => subscriptionTold(object, false),
  'invoice.paid': paymentTold,
  'invoice.payment_failed': paymentTold,
  // The same fact as invoice.paid under an older name; both are about one row.
  'invoice.payment_succeeded': paymentTold,
})

/** The types that have an effect. */
export const appliedTypes: readonly string[] = Object.freeze(Object.keys(tellers))

/**
 * One form for every API version, by the members that are there, without any personal data.
 *
 * @throws TerminalError when the object lacks what the event is about
 */
export function normalise(event: StripeEvent): NormalForm {
  const teller = Object.hasOwn(tellers, event.type) ? tellers[event.type] : undefined
  const told: Told = teller?.(event.data.object) ?? { kind: 'ignored', customer: null, fact: null }
  return {
    ...told,
    account: event.account ?? 'self',
    livemode: event.livemode,
    event: event.id,
    type: event.type,
    created_at: rfc3339(event.created),
    api_version: event.api_version ?? null,
  }
}

import { z } from '../../src/bee/index.ts'
import type { Told } from './facts.ts'
import { id, integer, read, reference, text } from './fields.ts'

const session = z.looseObject({
  id,
  customer: reference,
  subscription: reference,
  payment_intent: reference,
  invoice: reference,
  mode: text,
  payment_status: text,
  client_reference_id: text,
  metadata: z.looseObject({ user_id: text }).nullish().catch(null),
  amount_total: integer,
  currency: text,
})

/** A completed checkout: who the customer is, and what was paid where no invoice tells. */
export function checkoutTold(object: unknown): Told {
  const from = read(session, object, 'checkout session')
  return {
    kind: 'checkout',
    customer: from.customer,
    fact: {
      id: from.id,
      mode: from.mode,
      subscription: from.subscription,
      user_id: from.client_reference_id || from.metadata?.user_id || null,
      payment_status: from.payment_status,
      payment_intent: from.payment_intent,
      invoice: from.invoice,
      amount_total: from.amount_total,
      currency: from.currency,
    },
  }
}

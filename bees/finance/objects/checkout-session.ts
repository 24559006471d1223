import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { id, integer, read, reference, text, time } from '../fields.ts'

const session = z.looseObject({
  id,
  created: time,
  customer: reference,
  subscription: reference,
  payment_intent: reference,
  invoice: reference,
  mode: text,
  status: text,
  payment_status: text,
  client_reference_id: text,
  metadata: z.looseObject({ user_id: text }).nullish().catch(null),
  amount_total: integer,
  currency: text,
})

/** A checkout: who the customer is, and what was paid where no invoice tells. */
export function checkoutSessionTold(object: unknown): readonly Told[] {
  const from = read(session, object, 'checkout session')
  return [
    {
      kind: 'checkout_session',
      customer: from.customer,
      must_read: from.status === null && from.payment_status === null,
      fact: {
        id: from.id,
        made_at: from.created,
        mode: from.mode,
        status: from.status,
        payment_status: from.payment_status,
        subscription: from.subscription,
        user_id: from.client_reference_id || from.metadata?.user_id || null,
        payment_intent: from.payment_intent,
        invoice: from.invoice,
        amount_total: from.amount_total,
        currency: from.currency,
      },
    },
  ]
}

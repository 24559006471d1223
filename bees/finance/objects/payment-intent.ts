import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { id, integer, read, reference, text, time } from '../fields.ts'

const paymentIntent = z.looseObject({
  id,
  created: time,
  customer: reference,
  status: text,
  amount: integer,
  amount_received: integer,
  currency: text,
  latest_charge: reference,
  // Until 2022-11-15, the latest first.
  charges: z
    .looseObject({ data: z.array(reference) })
    .nullish()
    .catch(null),
  // Until basil.
  invoice: reference,
})

/** A payment intent. Whether an invoice claims it is for the tables to say: since basil it does not know. */
export function paymentIntentTold(object: unknown): readonly Told[] {
  const from = read(paymentIntent, object, 'payment intent')
  return [
    {
      kind: 'payment_intent',
      customer: from.customer,
      must_read: from.status === null,
      fact: {
        id: from.id,
        made_at: from.created,
        status: from.status,
        amount: from.amount,
        amount_received: from.amount_received,
        currency: from.currency,
        latest_charge: from.latest_charge ?? from.charges?.data[0] ?? null,
        invoice: from.invoice,
      },
    },
  ]
}

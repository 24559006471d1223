import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { id, integer, list, read, reference, text, time } from '../fields.ts'
import { refundTold } from './refund.ts'

const charge = z.looseObject({
  id,
  created: time,
  customer: reference,
  payment_intent: reference,
  // Until basil.
  invoice: reference,
  status: text,
  amount: integer,
  amount_captured: integer,
  amount_refunded: integer,
  currency: text,
  // Newer shapes leave the list out; the running total above is always there.
  refunds: list(z.unknown()).nullish().catch(null),
})

/** A charge, and the refunds that came with it. */
export function chargeTold(object: unknown): readonly Told[] {
  const from = read(charge, object, 'charge')
  const { id, customer, payment_intent, currency } = from
  const whole = from.status !== null && from.amount_refunded !== null && from.refunds?.complete !== false
  return [
    {
      kind: 'charge',
      customer,
      must_read: !whole,
      fact: {
        id,
        made_at: from.created,
        payment_intent,
        invoice: from.invoice,
        status: from.status,
        amount: from.amount,
        amount_captured: from.amount_captured,
        amount_refunded: from.amount_refunded,
        currency,
      },
    },
    ...(from.refunds?.data ?? []).flatMap((one) => refundTold(one, { id, customer, payment_intent, currency })),
  ]
}

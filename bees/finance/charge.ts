import { z } from '../../src/bee/index.ts'
import type { ChargeFact, Told } from './facts.ts'
import { id, integer, list, read, reference, text, time } from './fields.ts'

const refund = z.looseObject({
  id,
  amount: z.int(),
  currency: text,
  status: text,
  reason: text,
  created: time,
})

const charge = z.looseObject({
  id,
  customer: reference,
  payment_intent: reference,
  // Until basil.
  invoice: reference,
  amount: integer,
  amount_refunded: z.int().min(0),
  currency: text,
  // Newer shapes leave the list out; the running total above is always there.
  refunds: list(refund).nullish(),
})

/** What a charge says about money that went back. */
export function chargeTold(object: unknown): Told {
  const from = read(charge, object, 'charge')
  const fact: ChargeFact = {
    id: from.id,
    payment_intent: from.payment_intent,
    invoice: from.invoice,
    amount: from.amount,
    amount_refunded: from.amount_refunded,
    currency: from.currency,
    refunds: (from.refunds?.data ?? []).map((one) => ({
      id: one.id,
      status: one.status,
      amount: one.amount,
      currency: one.currency ?? from.currency,
      reason: one.reason,
      refunded_at: one.created,
    })),
  }
  return { kind: 'charge', customer: from.customer, fact }
}

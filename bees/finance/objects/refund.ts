import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { customerInside, id, read, reference, text, time } from '../fields.ts'

const refund = z.looseObject({
  id,
  created: time,
  charge: z.unknown().optional(),
  payment_intent: reference,
  status: text,
  // Money back of an unknown amount is no refund that books could take.
  amount: z.int(),
  currency: text,
  reason: text,
  failure_reason: text,
})

/** The charge in which a refund was found, for what such a refund leaves out. */
export interface OfCharge {
  readonly id: string
  readonly customer: string | null
  readonly payment_intent: string | null
  readonly currency: string | null
}

/** One refund. It can still fail after it has succeeded; the money is back then. */
export function refundTold(object: unknown, of?: OfCharge): readonly Told[] {
  const from = read(refund, object, 'refund')
  return [
    {
      kind: 'refund',
      customer: of?.customer ?? customerInside.parse(from.charge),
      must_read: false,
      fact: {
        id: from.id,
        made_at: from.created,
        charge: reference.parse(from.charge) ?? of?.id ?? null,
        payment_intent: from.payment_intent ?? of?.payment_intent ?? null,
        status: from.status,
        amount: from.amount,
        currency: from.currency ?? of?.currency ?? null,
        reason: from.reason,
        failure_reason: from.failure_reason,
      },
    },
  ]
}

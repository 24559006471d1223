import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { id, integer, read, reference, text, time } from '../fields.ts'

const creditNote = z.looseObject({
  id,
  created: time,
  customer: reference,
  invoice: reference,
  status: text,
  type: text,
  amount: integer,
  currency: text,
  reason: text,
  // One refund in older shapes, a list in newer ones.
  refund: reference,
  refunds: z
    .array(z.looseObject({ refund: reference }))
    .nullish()
    .catch(null),
})

/** A credit note. It moves no money by itself: a refund that belongs to it does. */
export function creditNoteTold(object: unknown): readonly Told[] {
  const from = read(creditNote, object, 'credit note')
  return [
    {
      kind: 'credit_note',
      customer: from.customer,
      must_read: from.status === null,
      fact: {
        id: from.id,
        made_at: from.created,
        invoice: from.invoice,
        status: from.status,
        type: from.type,
        amount: from.amount,
        currency: from.currency,
        reason: from.reason,
        refund: from.refund ?? from.refunds?.[0]?.refund ?? null,
      },
    },
  ]
}

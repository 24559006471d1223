import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { customerInside, id, integer, read, reference, text, time } from '../fields.ts'

const invoicePayment = z.looseObject({
  id,
  created: time,
  invoice: z.unknown().optional(),
  payment: z.looseObject({ payment_intent: reference, charge: reference }).nullish().catch(null),
  status: text,
  amount_paid: integer,
  currency: text,
  status_transitions: z.looseObject({ paid_at: time }).nullish().catch(null),
})

/** The invoice in which a payment was found, for what such a payment leaves out. */
export interface OfInvoice {
  readonly id: string
  readonly customer: string | null
  readonly currency: string | null
  readonly must_read: boolean
}

/** One payment of an invoice (since basil): which payment intent or charge paid it. */
export function invoicePaymentTold(object: unknown, of?: OfInvoice): readonly Told[] {
  const from = read(invoicePayment, object, 'invoice payment')
  return [
    {
      kind: 'invoice_payment',
      customer: of?.customer ?? customerInside.parse(from.invoice),
      must_read: from.status === null || (of?.must_read ?? false),
      fact: {
        id: from.id,
        made_at: from.created,
        invoice: reference.parse(from.invoice) ?? of?.id ?? null,
        payment_intent: from.payment?.payment_intent ?? null,
        charge: from.payment?.charge ?? null,
        status: from.status,
        amount_paid: from.amount_paid,
        currency: from.currency ?? of?.currency ?? null,
        paid_at: from.status_transitions?.paid_at ?? null,
      },
    },
  ]
}

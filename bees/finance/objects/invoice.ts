import { z } from '../../../src/bee/index.ts'
import type { InvoiceFact, Told } from '../facts.ts'
import { flag, id, integer, list, read, reference, text, time } from '../fields.ts'
import { invoicePaymentTold } from './invoice-payment.ts'

const invoice = z.looseObject({
  id,
  created: time,
  deleted: flag,
  customer: reference,
  status: text,
  total: integer,
  amount_due: integer,
  amount_paid: integer,
  currency: text,
  billing_reason: text,
  attempt_count: integer,
  next_payment_attempt: time,
  status_transitions: z.looseObject({ paid_at: time }).nullish().catch(null),
  test_clock: reference,
  // Until basil.
  paid: flag,
  subscription: reference,
  payment_intent: reference,
  charge: reference,
  // Since basil.
  parent: z
    .looseObject({ subscription_details: z.looseObject({ subscription: reference }).nullish().catch(null) })
    .nullish()
    .catch(null),
  payments: list(z.unknown()).nullish().catch(null),
})

/** An invoice, and the payments that came with it. Only drafts are ever deleted; their status says so. */
export function invoiceTold(object: unknown, deleted = false): readonly Told[] {
  const from = read(invoice, object, 'invoice')
  const gone = deleted || from.deleted
  // `paid` went away with basil; the status says the same in both shapes.
  const status = gone ? 'deleted' : (from.status ?? (from.paid ? 'paid' : null))
  const fact: InvoiceFact = {
    id: from.id,
    made_at: from.created,
    status,
    subscription: from.parent?.subscription_details?.subscription ?? from.subscription,
    payment_intent: from.payment_intent,
    charge: from.charge,
    total: from.total,
    amount_due: from.amount_due,
    amount_paid: from.amount_paid,
    currency: from.currency,
    billing_reason: from.billing_reason,
    attempt_count: from.attempt_count,
    next_attempt_at: from.next_payment_attempt,
    paid_at: from.status_transitions?.paid_at ?? null,
  }
  const clocked = from.test_clock !== null
  const must_read = !gone && (clocked || status === null || from.payments?.complete === false)
  const { id, customer, currency } = from
  return [
    { kind: 'invoice', customer, must_read, fact },
    ...(from.payments?.data ?? []).flatMap((one) =>
      invoicePaymentTold(one, { id, customer, currency, must_read: clocked }),
    ),
  ]
}

import { z } from '../../src/bee/index.ts'
import type { PaymentFact, Told } from './facts.ts'
import { flag, id, integer, read, reference, text, time } from './fields.ts'

const parent = z
  .looseObject({
    subscription_details: z.looseObject({ subscription: reference }).nullish().catch(null),
    subscription_item_details: z.looseObject({ subscription: reference }).nullish().catch(null),
  })
  .nullish()
  .catch(null)

const invoice = z.looseObject({
  id,
  customer: reference,
  status: text,
  amount_due: integer,
  amount_paid: integer,
  currency: text,
  billing_reason: text,
  attempt_count: integer,
  next_payment_attempt: time,
  status_transitions: z.looseObject({ paid_at: time }).nullish().catch(null),
  // Until basil.
  paid: flag,
  subscription: reference,
  payment_intent: reference,
  charge: reference,
  // Since basil.
  parent,
  payments: z
    .looseObject({
      data: z.array(
        z.looseObject({
          status: text,
          payment: z.looseObject({ payment_intent: reference, charge: reference }).nullish().catch(null),
        }),
      ),
    })
    .nullish()
    .catch(null),
  lines: z
    .looseObject({ data: z.array(z.looseObject({ subscription: reference, parent })) })
    .nullish()
    .catch(null),
})

/** What an invoice says about money that came in or did not. */
export function paymentTold(object: unknown): Told {
  const from = read(invoice, object, 'invoice')
  const tries = from.payments?.data ?? []
  const payment = (tries.find(({ status }) => status === 'paid') ?? tries.at(-1))?.payment
  const fact: PaymentFact = {
    id: from.id,
    source: 'invoice',
    // `paid` went away with basil; the status says the same in both shapes.
    status: from.status ?? (from.paid ? 'paid' : null),
    subscription: subscriptionOf(from),
    payment_intent: from.payment_intent ?? payment?.payment_intent ?? null,
    charge: from.charge ?? payment?.charge ?? null,
    amount_due: from.amount_due,
    amount_paid: from.amount_paid,
    currency: from.currency,
    billing_reason: from.billing_reason,
    attempt_count: from.attempt_count,
    next_attempt_at: from.next_payment_attempt,
    paid_at: from.status_transitions?.paid_at ?? null,
  }
  return { kind: 'payment', customer: from.customer, fact }
}

function subscriptionOf(from: z.output<typeof invoice>): string | null {
  const lines = from.lines?.data ?? []
  return (
    from.parent?.subscription_details?.subscription ??
    from.subscription ??
    lines.map((line) => line.parent?.subscription_item_details?.subscription ?? line.subscription).find(Boolean) ??
    null
  )
}

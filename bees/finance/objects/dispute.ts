import { TerminalError, z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { customerInside, id, read, reference, text, time } from '../fields.ts'

const dispute = z.looseObject({
  id,
  created: time,
  charge: z.unknown().optional(),
  payment_intent: reference,
  status: text,
  reason: text,
  amount: z.int(),
  currency: text,
  balance_transactions: z.array(z.looseObject({ amount: z.int() })).nullish(),
})

/** A dispute: an inquiry moves no money, withdrawn and reinstated funds are balance transactions of it. */
export function disputeTold(object: unknown): readonly Told[] {
  const from = read(dispute, object, 'dispute')
  // Without the fees, which stay withdrawn also where the money comes back.
  const balance = from.balance_transactions?.reduce((sum, { amount }) => sum + amount, 0) ?? null
  if (balance !== null && !Number.isSafeInteger(balance)) {
    throw new TerminalError('dispute: cannot add up balance_transactions')
  }
  return [
    {
      kind: 'dispute',
      customer: customerInside.parse(from.charge),
      must_read: from.status === null,
      fact: {
        id: from.id,
        made_at: from.created,
        charge: reference.parse(from.charge),
        payment_intent: from.payment_intent,
        status: from.status,
        reason: from.reason,
        amount: from.amount,
        currency: from.currency,
        balance,
      },
    },
  ]
}

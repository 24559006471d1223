import type { Final, World } from '../../src/local/stripe/index.ts'
import type { ExpectedPayment } from './types.ts'

const settledDisputes = new Set(['won', 'lost', 'warning_closed', 'prevented'])

/**
 * What each payment has brought: every invoice, and every payment intent without one. Paid, less what went back and did
 * not bounce, less what disputes have lost. Exact: sums beyond 2^53 would be a mistake of the world.
 */
export function expectedPayments(world: World): readonly ExpectedPayment[] {
  const final = world.final()
  const paid = [
    ...final.invoice
      .filter(({ status, deleted }) => status !== 'draft' && !deleted)
      .map((one) => ({ of: one, amount: one.amountPaid, charges: chargesOf(final, 'invoice', one.id) })),
    ...final.payment_intent
      .filter(({ invoice }) => invoice === null)
      .map((one) => ({ of: one, amount: one.amountReceived, charges: chargesOf(final, 'paymentIntent', one.id) })),
  ]
  return paid.flatMap(({ of, amount, charges }) => {
    if (amount === 0) return []
    const refunds = final.refund.filter(
      ({ charge, status }) => charges.has(charge) && status !== 'failed' && status !== 'canceled',
    )
    const disputes = final.dispute.filter(({ charge }) => charges.has(charge))
    const refunded = sum(refunds.map((one) => one.amount))
    const lost = sum(disputes.filter(({ status }) => status === 'lost').map((one) => one.amount))
    const withheld = sum(
      disputes
        .filter(({ status }) => !settledDisputes.has(status))
        .map(({ moves }) => -sum(moves.map((move) => move.amount))),
    )
    return {
      account: of.account,
      livemode: of.livemode,
      id: of.id,
      currency: of.currency,
      amount_paid: amount,
      amount_refunded: refunded,
      amount_lost: lost,
      amount_withheld: withheld,
      amount_net: amount - refunded - lost,
    }
  })
}

const chargesOf = (final: Final, by: 'invoice' | 'paymentIntent', id: string): ReadonlySet<string> =>
  new Set(final.charge.filter((charge) => charge[by] === id).map((charge) => charge.id))

function sum(amounts: readonly number[]): number {
  const total = amounts.reduce((all, amount) => all + amount, 0)
  // 0 and -0 are the same amount.
  return total === 0 ? 0 : total
}

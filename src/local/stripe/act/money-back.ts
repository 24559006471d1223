import type { Core, Tell } from '../core.ts'
import type { CreditNote, Refund } from '../models.ts'
import { expect } from './refuse.ts'

export function refund(
  core: Core,
  chargeId: string,
  amount: number,
  status: 'succeeded' | 'pending' = 'succeeded',
): Refund {
  const charge = core.get('charge', chargeId)
  expect(charge.status === 'succeeded', `The charge is ${charge.status}.`)
  expect(amount > 0 && charge.amountRefunded + amount <= charge.amountCaptured, 'More than was paid.')
  return core.happen((tell) => {
    core.change('charge', chargeId, { amountRefunded: charge.amountRefunded + amount })
    const id = core.id('re')
    tell('refund.created', 'refund', id)
    tell('charge.refunded', 'charge', chargeId)
    return core.put('refund', {
      id,
      account: charge.account,
      livemode: charge.livemode,
      customer: charge.customer,
      charge: chargeId,
      paymentIntent: charge.paymentIntent,
      createdS: core.nowS(),
      testClock: null,
      status,
      amount,
      currency: charge.currency,
      reason: 'requested_by_customer',
      failureReason: null,
    })
  })
}

/** One that fails, or is canceled, gives the money back to us: the charge's total sinks. */
export function settleRefund(core: Core, id: string, status: 'succeeded' | 'failed' | 'canceled'): Refund {
  const before = core.get('refund', id)
  expect(before.status !== 'failed' && before.status !== 'canceled', `The refund is ${before.status}.`)
  expect(before.status !== status && (status !== 'canceled' || before.status === 'pending'), 'It is so already.')
  return core.happen((tell) => {
    if (status === 'failed') tell('refund.failed', 'refund', id)
    tell('refund.updated', 'refund', id)
    tell('charge.refund.updated', 'refund', id)
    if (status !== 'succeeded') {
      const { amountRefunded } = core.get('charge', before.charge)
      core.change('charge', before.charge, { amountRefunded: amountRefunded - before.amount })
      // Whether Stripe tells of the charge too is not documented.
      if (core.random.boolean()) tell('charge.updated', 'charge', before.charge)
    }
    return core.change('refund', id, { status, failureReason: status === 'failed' ? 'expired_or_canceled_card' : null })
  })
}

export function issueCreditNote(core: Core, invoiceId: string, amount: number, refundId: string | null): CreditNote {
  const invoice = core.get('invoice', invoiceId)
  expect(invoice.status === 'paid' || invoice.status === 'open', `The invoice is ${invoice.status}.`)
  expect(amount > 0 && amount <= invoice.total, 'More than the invoice.')
  return core.happen((tell) => {
    const id = core.id('cn')
    tell('credit_note.created', 'credit_note', id)
    return core.put('credit_note', {
      id,
      account: invoice.account,
      livemode: invoice.livemode,
      customer: invoice.customer,
      invoice: invoiceId,
      createdS: core.nowS(),
      testClock: null,
      status: 'issued',
      type: invoice.status === 'paid' ? 'post_payment' : 'pre_payment',
      amount,
      currency: invoice.currency,
      reason: 'order_change',
      refund: refundId,
      voidedS: null,
    })
  })
}

export function voidCreditNote(core: Core, id: string): CreditNote {
  const { status } = core.get('credit_note', id)
  expect(status === 'issued', 'The credit note is void.')
  return core.happen((tell: Tell) => {
    tell('credit_note.voided', 'credit_note', id)
    tell('credit_note.updated', 'credit_note', id)
    return core.change('credit_note', id, { status: 'void', voidedS: core.nowS() })
  })
}

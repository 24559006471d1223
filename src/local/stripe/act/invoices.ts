import type { Payment } from '../actions.ts'
import type { Core, Tell } from '../core.ts'
import type { Invoice, InvoicePayment } from '../models.ts'
import { attempt, cancelIntent, makeIntent, settle } from './payments.ts'
import { expect } from './refuse.ts'
import { afterPayment } from './standing.ts'

const retryS = 3 * 86_400

interface InvoiceParts {
  readonly customer: string
  readonly subscription: string | null
  /** Below zero where the customer gets something back. */
  readonly total: number
  readonly currency: string
  readonly reason: string
  readonly periodStartS?: number
  readonly periodEndS?: number
}

export function makeDraft(core: Core, tell: Tell, parts: InvoiceParts): Invoice {
  const { customer, subscription, total, currency } = parts
  const { account, livemode, testClock } = core.get('customer', customer)
  const id = core.id('in')
  tell('invoice.created', 'invoice', id)
  return core.put('invoice', {
    id,
    account,
    livemode,
    testClock,
    customer,
    subscription,
    total,
    currency,
    createdS: core.nowS(),
    status: 'draft',
    deleted: false,
    paymentIntent: null,
    charge: null,
    amountDue: Math.max(0, total),
    amountPaid: 0,
    amountOverpaid: 0,
    billingReason: parts.reason,
    attemptCount: 0,
    nextAttemptS: subscription === null ? null : core.nowS() + 3600,
    finalizedS: null,
    paidS: null,
    voidedS: null,
    uncollectibleS: null,
    periodStartS: parts.periodStartS ?? core.nowS(),
    periodEndS: parts.periodEndS ?? core.nowS(),
    finalizationError: false,
  })
}

/** Nothing to pay is paid at once, without a payment. */
export function finalize(core: Core, tell: Tell, id: string): Invoice {
  const invoice = core.get('invoice', id)
  expect(invoice.status === 'draft' && !invoice.deleted, `The invoice is ${invoice.status}, not a draft.`)
  const finalizedS = core.nowS()
  tell('invoice.finalized', 'invoice', id)
  tell('invoice.updated', 'invoice', id)
  if (invoice.amountDue === 0) {
    tellPaid(tell, id)
    return core.change('invoice', id, { status: 'paid', finalizedS, paidS: finalizedS, nextAttemptS: null })
  }
  const payment = addPayment(core, tell, invoice, invoice.amountDue, true)
  return core.change('invoice', id, {
    status: 'open',
    finalizedS,
    finalizationError: false,
    paymentIntent: payment.paymentIntent,
  })
}

function addPayment(core: Core, tell: Tell, invoice: Invoice, amount: number, isDefault: boolean): InvoicePayment {
  const { account, livemode, customer, currency } = invoice
  const intent = makeIntent(core, tell, { account, livemode, customer, amount, currency, invoice: invoice.id })
  return core.put('invoice_payment', {
    id: core.id('inpay'),
    account,
    livemode,
    customer,
    currency,
    invoice: invoice.id,
    paymentIntent: intent.id,
    charge: null,
    createdS: core.nowS(),
    testClock: null,
    status: 'open',
    amountPaid: null,
    amountRequested: amount,
    paidS: null,
    canceledS: null,
    isDefault,
  })
}

function tellPaid(tell: Tell, id: string): void {
  tell('invoice.paid', 'invoice', id)
  tell('invoice.payment_succeeded', 'invoice', id)
  tell('invoice.updated', 'invoice', id)
}

const isPayable = ({ status }: Invoice): boolean => status === 'open' || status === 'uncollectible'

/** One attempt to collect an invoice. */
export function collect(core: Core, tell: Tell, id: string, payment: Payment): Invoice {
  const invoice = core.get('invoice', id)
  expect(isPayable(invoice) && invoice.paymentIntent !== null, `The invoice is ${invoice.status}.`)
  const intent = attempt(core, tell, invoice.paymentIntent, payment)
  core.change('invoice', id, { attemptCount: invoice.attemptCount + 1, charge: intent.latestCharge })
  if (payment === 'action_required') tell('invoice.payment_action_required', 'invoice', id)
  if (payment === 'processing') {
    tell('invoice.updated', 'invoice', id)
    afterPayment(core, tell, id, 'processing')
  }
  return payment === 'paid' || payment === 'failed' ? concluded(core, tell, id, payment) : core.get('invoice', id)
}

/** The money that was on its way has come, or has not. */
export function settleInvoice(core: Core, tell: Tell, id: string, paid: boolean): Invoice {
  const { paymentIntent } = core.get('invoice', id)
  expect(paymentIntent !== null, 'The invoice has no payment.')
  settle(core, tell, paymentIntent, paid)
  return concluded(core, tell, id, paid ? 'paid' : 'failed')
}

function concluded(core: Core, tell: Tell, id: string, outcome: 'paid' | 'failed'): Invoice {
  const invoice = core.get('invoice', id)
  if (outcome === 'failed') {
    tell('invoice.payment_failed', 'invoice', id)
    tell('invoice.updated', 'invoice', id)
    core.change('invoice', id, { nextAttemptS: core.nowS() + retryS })
  } else {
    payDefault(core, tell, invoice)
    tellPaid(tell, id)
    core.change('invoice', id, {
      status: 'paid',
      amountPaid: invoice.amountDue,
      nextAttemptS: null,
      paidS: core.nowS(),
    })
  }
  afterPayment(core, tell, id, outcome)
  return core.get('invoice', id)
}

export function paymentsOf(core: Core, invoice: string): readonly InvoicePayment[] {
  return core
    .ids('invoice_payment')
    .map((id) => core.get('invoice_payment', id))
    .filter((payment) => payment.invoice === invoice)
}

function payDefault(core: Core, tell: Tell, { id, amountDue }: Invoice): void {
  const payment = paymentsOf(core, id).find(({ isDefault }) => isDefault)
  if (payment === undefined) return
  core.change('invoice_payment', payment.id, { status: 'paid', amountPaid: amountDue, paidS: core.nowS() })
  tell('invoice_payment.paid', 'invoice_payment', payment.id)
}

/** What was open of it is not wanted any more. Stripe makes no snapshot event of a canceled invoice payment. */
export function dropPayments(core: Core, tell: Tell, invoice: string): void {
  const open = paymentsOf(core, invoice).filter(({ status }) => status === 'open')
  const moving = open.some(
    (one) => one.paymentIntent && core.get('payment_intent', one.paymentIntent).status === 'processing',
  )
  expect(!moving, 'Money for the invoice is on its way.')
  for (const payment of open) {
    core.change('invoice_payment', payment.id, { status: 'canceled', canceledS: core.nowS() })
    if (payment.paymentIntent !== null) cancelIntent(core, tell, payment.paymentIntent)
  }
}

export function payOutOfBand(core: Core, tell: Tell, id: string): Invoice {
  const invoice = core.get('invoice', id)
  expect(isPayable(invoice), `The invoice is ${invoice.status}.`)
  dropPayments(core, tell, id)
  tellPaid(tell, id)
  core.change('invoice', id, {
    status: 'paid',
    amountPaid: invoice.amountDue,
    paymentIntent: null,
    charge: null,
    nextAttemptS: null,
    paidS: core.nowS(),
  })
  afterPayment(core, tell, id, 'paid')
  return core.get('invoice', id)
}

/** A second payment for an invoice that is paid. */
export function overpay(core: Core, tell: Tell, id: string, extra: number): Invoice {
  const invoice = core.get('invoice', id)
  expect(invoice.status === 'paid' && extra > 0, `The invoice is ${invoice.status}, not paid.`)
  const payment = addPayment(core, tell, invoice, extra, false)
  if (payment.paymentIntent !== null) attempt(core, tell, payment.paymentIntent, 'paid')
  core.change('invoice_payment', payment.id, { status: 'paid', amountPaid: extra, paidS: core.nowS() })
  tell('invoice_payment.paid', 'invoice_payment', payment.id)
  tell('invoice.overpaid', 'invoice', id)
  return core.change('invoice', id, {
    amountPaid: invoice.amountPaid + extra,
    amountOverpaid: invoice.amountOverpaid + extra,
  })
}

export function voidInvoice(core: Core, tell: Tell, id: string): Invoice {
  const invoice = core.get('invoice', id)
  expect(isPayable(invoice), `The invoice is ${invoice.status}.`)
  dropPayments(core, tell, id)
  tell('invoice.voided', 'invoice', id)
  tell('invoice.updated', 'invoice', id)
  return core.change('invoice', id, { status: 'void', voidedS: core.nowS(), nextAttemptS: null })
}

export function markUncollectible(core: Core, tell: Tell, id: string): Invoice {
  const invoice = core.get('invoice', id)
  expect(invoice.status === 'open', `The invoice is ${invoice.status}, not open.`)
  tell('invoice.marked_uncollectible', 'invoice', id)
  tell('invoice.updated', 'invoice', id)
  return core.change('invoice', id, { status: 'uncollectible', uncollectibleS: core.nowS(), nextAttemptS: null })
}

import type { Payment } from '../actions.ts'
import type { Core, Tell } from '../core.ts'
import type { PaymentIntent } from '../models.ts'
import { expect } from './refuse.ts'

interface IntentParts {
  readonly account: string
  readonly livemode: boolean
  readonly customer: string | null
  readonly amount: number
  readonly currency: string
  readonly invoice: string | null
}

export function makeIntent(core: Core, tell: Tell, parts: IntentParts): PaymentIntent {
  const id = core.id('pi')
  tell('payment_intent.created', 'payment_intent', id)
  return core.put('payment_intent', {
    ...parts,
    id,
    createdS: core.nowS(),
    testClock: null,
    status: 'requires_payment_method',
    amountReceived: 0,
    latestCharge: null,
    failed: false,
    canceledS: null,
  })
}

const isOver = ({ status }: PaymentIntent): boolean => status === 'succeeded' || status === 'canceled'

/** One attempt to get the money; each makes a charge of its own. */
export function attempt(core: Core, tell: Tell, id: string, payment: Payment): PaymentIntent {
  const intent = core.get('payment_intent', id)
  expect(!isOver(intent) && intent.status !== 'processing', `The payment is ${intent.status}.`)
  if (payment === 'action_required') {
    tell('payment_intent.requires_action', 'payment_intent', id)
    return core.change('payment_intent', id, { status: 'requires_action' })
  }
  const status = payment === 'paid' ? 'succeeded' : payment === 'failed' ? 'failed' : 'pending'
  const { account, livemode, customer, amount, currency, invoice } = intent
  const charge = core.id(payment === 'processing' ? 'py' : 'ch')
  core.put('charge', {
    id: charge,
    account,
    livemode,
    customer,
    amount,
    currency,
    invoice,
    status,
    paymentIntent: id,
    createdS: core.nowS(),
    testClock: null,
    amountCaptured: status === 'succeeded' ? amount : 0,
    amountRefunded: 0,
    disputed: false,
  })
  core.change('payment_intent', id, { latestCharge: charge })
  if (payment !== 'processing') return conclude(core, tell, id, payment === 'paid')
  tell('charge.pending', 'charge', charge)
  tell('payment_intent.processing', 'payment_intent', id)
  return core.change('payment_intent', id, { status: 'processing' })
}

/** Of a payment that was processing. */
export function settle(core: Core, tell: Tell, id: string, paid: boolean): PaymentIntent {
  const { status, latestCharge, amount } = core.get('payment_intent', id)
  expect(status === 'processing' && latestCharge !== null, `The payment is ${status}, not processing.`)
  core.change('charge', latestCharge, { status: paid ? 'succeeded' : 'failed', amountCaptured: paid ? amount : 0 })
  return conclude(core, tell, id, paid)
}

function conclude(core: Core, tell: Tell, id: string, paid: boolean): PaymentIntent {
  const { latestCharge, amount } = core.get('payment_intent', id)
  if (latestCharge !== null) tell(paid ? 'charge.succeeded' : 'charge.failed', 'charge', latestCharge)
  tell(paid ? 'payment_intent.succeeded' : 'payment_intent.payment_failed', 'payment_intent', id)
  return core.change('payment_intent', id, {
    status: paid ? 'succeeded' : 'requires_payment_method',
    amountReceived: paid ? amount : 0,
    failed: !paid,
  })
}

export function cancelIntent(core: Core, tell: Tell, id: string): PaymentIntent {
  const intent = core.get('payment_intent', id)
  expect(!isOver(intent) && intent.status !== 'processing', `The payment is ${intent.status}.`)
  tell('payment_intent.canceled', 'payment_intent', id)
  return core.change('payment_intent', id, { status: 'canceled', canceledS: core.nowS() })
}

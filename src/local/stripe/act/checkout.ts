import type { NewCheckout } from '../actions.ts'
import type { Core } from '../core.ts'
import type { CheckoutSession, PaymentIntent } from '../models.ts'
import { createCustomer } from './customers.ts'
import { settleInvoice } from './invoices.ts'
import { attempt, makeIntent, settle } from './payments.ts'
import { expect } from './refuse.ts'
import { costOf, subscribe } from './subscriptions.ts'

/** The lines of sessions that are not complete yet; no object shows them. */
export type Baskets = Map<string, NewCheckout>

export function openCheckout(core: Core, baskets: Baskets, options: NewCheckout): CheckoutSession {
  const { mode, customer, lines = [] } = options
  const known = customer === null ? undefined : core.get('customer', customer)
  expect(known?.deleted !== true, 'The customer is deleted.')
  const livemode = known?.livemode ?? options.livemode ?? core.livemode
  const id = core.id(livemode ? 'cs_live' : 'cs_test')
  baskets.set(id, options)
  return core.happen(() =>
    core.put('checkout_session', {
      id,
      livemode,
      customer,
      mode,
      account: known?.account ?? options.account ?? 'self',
      createdS: core.nowS(),
      testClock: null,
      status: 'open',
      paymentStatus: mode === 'setup' ? 'no_payment_required' : 'unpaid',
      subscription: null,
      user: options.user ?? null,
      metadataUser: options.metadataUser ?? null,
      paymentIntent: null,
      invoice: null,
      amountTotal: mode === 'setup' ? null : mode === 'payment' ? (options.amount ?? 0) : costOf(lines),
      currency: options.currency ?? lines[0]?.price.currency ?? null,
      expiresS: core.nowS() + 86_400,
    }),
  )
}

export function completeCheckout(
  core: Core,
  baskets: Baskets,
  id: string,
  how: 'at_once' | 'delayed' | 'trial' = 'at_once',
): CheckoutSession {
  const session = core.get('checkout_session', id)
  const basket = baskets.get(id)
  expect(session.status === 'open' && basket !== undefined, `The session is ${session.status}.`)
  const { account, livemode, mode } = session
  const customer = session.customer ?? (mode === 'payment' ? null : createCustomer(core, { account, livemode }).id)
  const subscription =
    mode === 'subscription' && customer !== null
      ? subscribe(core, {
          customer,
          lines: basket.lines ?? [],
          trialDays: how === 'trial' ? 14 : 0,
          payment: how === 'delayed' ? 'processing' : 'paid',
        })
      : null
  return core.happen((tell) => {
    let intent: PaymentIntent | null = null
    if (mode === 'payment') {
      const { amountTotal, currency } = session
      const parts = {
        account,
        livemode,
        customer,
        amount: amountTotal ?? 0,
        currency: currency ?? 'eur',
        invoice: null,
      }
      intent = makeIntent(core, tell, parts)
      attempt(core, tell, intent.id, how === 'delayed' ? 'processing' : 'paid')
    }
    const free = mode === 'setup' || how === 'trial'
    tell('checkout.session.completed', 'checkout_session', id)
    return core.change('checkout_session', id, {
      customer,
      status: 'complete',
      paymentStatus: free ? 'no_payment_required' : how === 'delayed' ? 'unpaid' : 'paid',
      subscription: subscription?.id ?? null,
      invoice: subscription?.latestInvoice ?? null,
      paymentIntent: intent?.id ?? null,
      amountTotal: how === 'trial' ? 0 : session.amountTotal,
    })
  })
}

export function settleCheckout(core: Core, id: string, paid: boolean): CheckoutSession {
  const { status, paymentStatus, invoice, paymentIntent } = core.get('checkout_session', id)
  expect(status === 'complete' && paymentStatus === 'unpaid', `The session is ${status} and ${paymentStatus}.`)
  return core.happen((tell) => {
    if (invoice !== null) settleInvoice(core, tell, invoice, paid)
    else if (paymentIntent !== null) settle(core, tell, paymentIntent, paid)
    tell(`checkout.session.async_payment_${paid ? 'succeeded' : 'failed'}`, 'checkout_session', id)
    return core.change('checkout_session', id, { paymentStatus: paid ? 'paid' : 'unpaid' })
  })
}

export function expireCheckout(core: Core, id: string): CheckoutSession {
  const { status } = core.get('checkout_session', id)
  expect(status === 'open', `The session is ${status}.`)
  return core.happen((tell) => {
    tell('checkout.session.expired', 'checkout_session', id)
    return core.change('checkout_session', id, { status: 'expired' })
  })
}

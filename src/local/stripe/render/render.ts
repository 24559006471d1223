import type { Model } from '../models.ts'
import type { Kind, StripeJson } from '../types.ts'
import { customerJson } from './customer.ts'
import type { Frame } from './frame.ts'
import { invoiceJson, invoicePaymentJson } from './invoice.ts'
import { checkoutSessionJson, creditNoteJson, disputeJson } from './other.ts'
import { chargeJson, paymentIntentJson, refundJson } from './payment.ts'
import { subscriptionJson } from './subscription.ts'

const renderers: { readonly [K in Kind]: (object: Model[K], frame: Frame) => StripeJson } = {
  customer: customerJson,
  checkout_session: checkoutSessionJson,
  subscription: subscriptionJson,
  invoice: invoiceJson,
  invoice_payment: invoicePaymentJson,
  payment_intent: paymentIntentJson,
  charge: chargeJson,
  refund: refundJson,
  dispute: disputeJson,
  credit_note: creditNoteJson,
}

/** An object as Stripe's API shows it at a moment, in a version's shape. */
export function render<K extends Kind>(kind: K, object: Model[K], frame: Frame): StripeJson {
  return renderers[kind](object, frame)
}

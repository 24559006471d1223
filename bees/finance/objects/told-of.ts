import type { Kind, Told } from '../facts.ts'
import { chargeTold } from './charge.ts'
import { checkoutSessionTold } from './checkout-session.ts'
import { creditNoteTold } from './credit-note.ts'
import { customerTold } from './customer.ts'
import { disputeTold } from './dispute.ts'
import { invoiceTold } from './invoice.ts'
import { invoicePaymentTold } from './invoice-payment.ts'
import { paymentIntentTold } from './payment-intent.ts'
import { refundTold } from './refund.ts'
import { subscriptionTold } from './subscription.ts'

const tellers: Readonly<Record<Kind, (object: unknown, deleted: boolean) => readonly Told[]>> = Object.freeze({
  customer: customerTold,
  checkout_session: (object) => checkoutSessionTold(object),
  subscription: subscriptionTold,
  invoice: invoiceTold,
  invoice_payment: (object) => invoicePaymentTold(object),
  payment_intent: (object) => paymentIntentTold(object),
  charge: (object) => chargeTold(object),
  refund: (object) => refundTold(object),
  dispute: (object) => disputeTold(object),
  credit_note: (object) => creditNoteTold(object),
})

/**
 * What a Stripe object of any API version says: its own fact first, then those of the objects that came inside it.
 * Holds no personal data.
 *
 * @param deleted the object was told as the last state of one that has been deleted
 * @throws TerminalError when the object lacks what makes it one; it names members, never their values
 */
export function toldOf(kind: Kind, object: unknown, deleted = false): readonly Told[] {
  return tellers[kind](object, deleted)
}

import type { Kind } from '../types.ts'

/** Where Stripe's API has the objects. */
export const kindPaths: Readonly<Record<Kind, string>> = {
  customer: '/v1/customers',
  checkout_session: '/v1/checkout/sessions',
  subscription: '/v1/subscriptions',
  invoice: '/v1/invoices',
  invoice_payment: '/v1/invoice_payments',
  payment_intent: '/v1/payment_intents',
  charge: '/v1/charges',
  refund: '/v1/refunds',
  dispute: '/v1/disputes',
  credit_note: '/v1/credit_notes',
}

export const objectPath = (kind: Kind, object: string): string => `${kindPaths[kind]}/${object}`

import type { Kind } from '../facts.ts'

/** Where the kinds are in Stripe's API, and what is told in full: parts of them, and what knows their customer. */
export const resources: Readonly<Record<Kind, { readonly path: string; readonly expand: readonly string[] }>> = {
  customer: { path: '/v1/customers', expand: [] },
  checkout_session: { path: '/v1/checkout/sessions', expand: [] },
  subscription: { path: '/v1/subscriptions', expand: [] },
  invoice: { path: '/v1/invoices', expand: ['payments'] },
  invoice_payment: { path: '/v1/invoice_payments', expand: ['invoice'] },
  payment_intent: { path: '/v1/payment_intents', expand: [] },
  charge: { path: '/v1/charges', expand: ['refunds'] },
  refund: { path: '/v1/refunds', expand: ['charge'] },
  dispute: { path: '/v1/disputes', expand: ['charge'] },
  credit_note: { path: '/v1/credit_notes', expand: [] },
}

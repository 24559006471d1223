/** The types that the finance bee applies. Everything else is answered with 200 `ignored`. */
export const handledEventTypes: readonly string[] = Object.freeze([
  'checkout.session.completed',
  'customer.deleted',
  'customer.subscription.created',
  'customer.subscription.deleted',
  'customer.subscription.updated',
  'charge.refunded',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_succeeded',
])

import { defineBee } from '../../src/bee/index.ts'
import { applyStripeEvent } from './apply-stripe-event.ts'

/** Keeps what Stripe says about money and subscriptions, and what every user may use because of it. */
export default defineBee({
  name: 'finance',
  description: 'Applies Stripe events: subscriptions, payments, refunds and the entitlements that follow.',
  slots: 8,
  tasks: { apply_stripe_event: applyStripeEvent },
})

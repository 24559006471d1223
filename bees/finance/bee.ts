import { defineBee } from '../../src/bee/index.ts'
import { applyStripeEvent } from './apply-stripe-event.ts'
import { reconcileStripe } from './reconcile-stripe.ts'
import type { FinanceServices } from './services.ts'
import { setEntitlementPolicy } from './set-entitlement-policy.ts'
import { createStripeLists } from './stripe/create-lists.ts'
import { createStripeReader } from './stripe/create-reader.ts'
import { unparkStripe } from './unpark-stripe.ts'

/** Keeps what Stripe says about money and subscriptions, and what every user may use because of it. */
export default defineBee<FinanceServices>({
  name: 'finance',
  description: 'Applies Stripe events: subscriptions, payments, refunds and the entitlements that follow.',
  slots: 8,
  services: (env) => ({ stripe: createStripeReader(env), lists: createStripeLists(env) }),
  tasks: {
    apply_stripe_event: applyStripeEvent,
    reconcile_stripe: reconcileStripe,
    set_entitlement_policy: setEntitlementPolicy,
    unpark_stripe: unparkStripe,
  },
})

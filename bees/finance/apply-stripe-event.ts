import { z } from '../../src/bee/index.ts'
import { normalise } from './normalise.ts'
import { defineFinanceTask } from './services.ts'
import { keyOf, stripeEvent } from './stripe-event.ts'
import { takeCounts, takeWithReads } from './take.ts'
import { outcome } from './taken.ts'

/**
 * One Stripe event, once, in whichever order it comes. The business key is the event's identity, so that a delivery over
 * the broker, one on the direct path and any repeat of them are one effect. The work is done in SQL
 * (bee_tasks.finance__apply_stripe_event); here the event is brought to one form whatever API version it was made in, and
 * its object is read from Stripe where the event alone does not tell which came first.
 */
export const applyStripeEvent = defineFinanceTask({
  description:
    'Applies one Stripe event to subscriptions, payments, refunds and entitlements. A repeat changes nothing.',
  input: z.object({ event: stripeEvent }),
  output: outcome,
  deadlineMs: 30_000,
  key: ({ event }) => keyOf(event),
  counts: takeCounts,
  run: async ({ input, services, ...context }) => {
    const took = await takeWithReads(normalise(input.event), { ...context, reader: services.stripe })
    return took.outcome
  },
})

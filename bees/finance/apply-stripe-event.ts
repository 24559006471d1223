import { defineTask, z } from '../../src/bee/index.ts'
import { normalise } from './normalise.ts'
import { stripeEvent } from './stripe-event.ts'

const entitlement = z.object({
  entitled: z.boolean(),
  plan: z.string().nullable(),
  status: z.string().nullable(),
  /** RFC 3339; null when nothing is granted or nothing ends it. */
  until: z.string().nullable(),
  /** A subscription has a status that this version does not know. */
  flagged: z.boolean(),
})

const outcome = z.object({
  event: z.string(),
  state: z.enum(['applied', 'ignored', 'parked', 'stale']),
  /** How many parked events this one took up. */
  unparked: z.int(),
  /** The user's entitlement after this event; null where no user was concerned. */
  entitlement: entitlement.nullable(),
})

/**
 * One Stripe event, once. The business key is the event's identity, so that a delivery over the broker, one on the
 * direct path and any repeat of them are one effect. The work is done in SQL (bee_tasks.finance__apply_stripe_event);
 * here the event is brought to one form whatever API version it was made in.
 */
export const applyStripeEvent = defineTask({
  description:
    'Applies one Stripe event to subscriptions, payments, refunds and entitlements. A repeat changes nothing.',
  input: z.object({ event: stripeEvent }),
  output: outcome,
  deadlineMs: 30_000,
  key: ({ event }) => `${event.account ?? 'self'}:${event.livemode}:${event.id}`,
  run: async ({ input, transact }) => {
    const { output } = await transact(normalise(input.event))
    return outcome.parse(output)
  },
})

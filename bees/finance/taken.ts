import { z } from '../../src/bee/index.ts'
import type { Kind } from './facts.ts'
import type { Outcome, Taken } from './steps.ts'

const entitlement = z.object({
  entitled: z.boolean(),
  plan: z.string().nullable(),
  status: z.string().nullable(),
  /** RFC 3339; null when nothing is granted or nothing ends it. */
  until: z.string().nullable(),
  /** A subscription has a status that this version does not know. */
  flagged: z.boolean(),
})

/** What became of an event; the output of the task. */
export const outcome = z.object({
  event: z.string(),
  state: z.enum(['applied', 'ignored', 'parked', 'stale']),
  /** For whom a parked event waits. */
  waits_for: z.enum(['user', 'stripe']).nullable(),
  /** How many parked events this one took up. */
  unparked: z.int(),
  /** The user's entitlement after this event; null where no user was concerned. */
  entitlement: entitlement.nullable(),
}) satisfies z.ZodType<Outcome>

export const kindSchema = z.enum([
  'customer',
  'checkout_session',
  'subscription',
  'invoice',
  'invoice_payment',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
  'credit_note',
]) satisfies z.ZodType<Kind>

const order = z.object({
  kind: kindSchema,
  object: z.string().min(1),
  tickets: z.record(z.string(), z.int()),
  wait_ms: z.number().min(0),
})

/** The answer of `finance.take`. */
export const taken = z.discriminatedUnion('decision', [
  z.object({ decision: z.literal('done'), outcome, changed: z.boolean() }),
  z.object({ decision: z.literal('read'), reads: z.array(order).min(1) }),
]) satisfies z.ZodType<Taken>

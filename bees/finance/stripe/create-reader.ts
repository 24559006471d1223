import { type Environment, systemClock, z } from '../../../src/bee/index.ts'
import type { Kind } from '../facts.ts'
import { createCallStripe, type StripeParts } from './call-stripe.ts'
import { type StripeObject, StripeReadError, type StripeReader } from './reader.ts'
import { resources } from './resources.ts'
import { stripeSettings } from './settings.ts'
import { wholeObject } from './whole-object.ts'

const named = z.looseObject({ id: z.string() })

/**
 * Reads objects from Stripe's API, one at a time, with the key of their mode (STRIPE_SECRET_KEY) and in the name of their
 * account. Without a key every read is refused with `no_key`.
 *
 * @throws TypeError for a variable that is not usable; never its value
 */
export function createStripeReader(env: Environment, parts: StripeParts = {}): StripeReader {
  const call = createCallStripe(stripeSettings(env), parts)
  const { clock = systemClock } = parts
  return Object.freeze({
    async read(asked: StripeObject, options) {
      const { kind, object: id, account, livemode } = asked
      const startMs = clock.monotonicMs()
      const answer = await call({ path: pathOf(kind, id), account, livemode }, options)
      const { dateS, elapsedMs } = answer
      if (answer.object === undefined) return { found: false, dateS, elapsedMs }
      const parsed = named.safeParse(answer.object)
      if (!parsed.success || parsed.data.id !== id)
        throw new StripeReadError('unavailable', 'another object was answered')
      const sinceMs = () => clock.monotonicMs() - startMs
      const optionsNow = () => ({ ...options, timeoutMs: Math.max(1, options.timeoutMs - sinceMs()) })
      const whole = await wholeObject(asked, { ...answer, object: parsed.data }, call, optionsNow)
      // Of an object in parts the oldest part counts, which the first request asked for.
      if (whole.object !== parsed.data) return { found: true, ...whole, elapsedMs: sinceMs() }
      return { found: true, object: parsed.data, dateS, elapsedMs }
    },
  } satisfies StripeReader)
}

function pathOf(kind: Kind, id: string): string {
  const { path, expand } = resources[kind]
  const query = new URLSearchParams(expand.map((member): [string, string] => ['expand[]', member]))
  return `${path}/${encodeURIComponent(id)}${expand.length === 0 ? '' : `?${query}`}`
}

import Stripe from 'stripe'
import type { Answer } from './buffered-fetch.ts'
import type { ReadProblem } from './reader.ts'

/** What to think of a call that did not bring an object. */
export type Verdict =
  | { readonly missing: true }
  | {
      readonly missing: false
      readonly problem: ReadProblem
      /** For people; without ids, keys and Stripe's own text, which quotes both. */
      readonly message: string
      readonly mayRetry: boolean
      /** Least wait before a repeat, milliseconds. */
      readonly waitMs: number
    }

/** A rate limit is for all who share the account, so it is given time to recover. */
const rateLimitedMs = 1000
const longestAskedMs = 60_000

/**
 * Decides by Stripe's error class and the HTTP status, never by texts. Undefined for an answer to be believed.
 *
 * @param thrown what stripe-node threw, undefined when it returned
 * @param answer what came over the wire, undefined when nothing whole came
 * @param attempt of this call, from 1
 * @param nowMs wall clock, for a Retry-After that is a date
 */
export function judgeAnswer(
  thrown: unknown,
  answer: Answer | undefined,
  attempt: number,
  nowMs: number,
): Verdict | undefined {
  if (answer === undefined) return unavailable('no whole answer came from Stripe', true)
  const { status, headers, isObject } = answer
  const advised = headers.get('stripe-should-retry')
  const mayRetry = (usually: boolean) => (advised === 'true' || advised === 'false' ? advised === 'true' : usually)
  const askedMs = retryAfterMs(headers.get('retry-after'), nowMs) ?? 0
  const limited = thrown instanceof Stripe.errors.StripeRateLimitError || status === 429
  if (limited) {
    const waitMs = Math.max(askedMs, rateLimitedMs * 2 ** (attempt - 1))
    return { ...problem('rate_limited', 'Stripe limits the rate of calls', mayRetry(true)), waitMs }
  }
  // A proxy's page or redirect says something of the proxy, not of the key or the object.
  if (!isObject)
    return { ...unavailable(`an answer came that is not Stripe's (HTTP ${status})`, mayRetry(true)), waitMs: askedMs }
  if (status === 401 || status === 403) {
    return problem('forbidden', `Stripe refuses the key, or a right is missing (HTTP ${status})`, mayRetry(false))
  }
  if (
    status === 404 &&
    thrown instanceof Stripe.errors.StripeInvalidRequestError &&
    thrown.code === 'resource_missing'
  ) {
    return { missing: true }
  }
  if (status >= 500 || status === 409 || status === 408) {
    return { ...unavailable(`Stripe could not do it now (HTTP ${status})`, mayRetry(true)), waitMs: askedMs }
  }
  if (status >= 300) return unavailable(`Stripe refuses the request (HTTP ${status})`, mayRetry(false))
  // A 200 that is broken JSON, or an error with a good status.
  return thrown === undefined ? undefined : unavailable('an answer came that cannot be read', true)
}

const problem = (kind: ReadProblem, message: string, mayRetry: boolean) =>
  ({ missing: false, problem: kind, message, mayRetry, waitMs: 0 }) as const

const unavailable = (message: string, mayRetry: boolean) => problem('unavailable', message, mayRetry)

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const waitMs = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return waitMs > 0 ? Math.min(waitMs, longestAskedMs) : undefined
}

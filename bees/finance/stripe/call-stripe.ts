import Stripe from 'stripe'
import { BeeError, Breaker, type Clock, deadlineIn, retry, systemClock } from '../../../src/bee/index.ts'
import { type Answer, bufferedFetch } from './buffered-fetch.ts'
import { judgeAnswer } from './judge-answer.ts'
import { type ReadOptions, StripeReadError } from './reader.ts'
import type { StripeSettings } from './settings.ts'

export interface StripeParts {
  /** @default the global one */
  readonly fetch?: typeof fetch | undefined
  /** @default the system's */
  readonly clock?: Clock | undefined
  /** Uniform in [0, 1), for the waits. @default Math.random */
  readonly random?: (() => number) | undefined
  /** Longest time of one request, its body included, milliseconds. @default 4000 */
  readonly tryMs?: number | undefined
  /** Largest body. @default 16 MiB */
  readonly mostBytes?: number | undefined
}

export interface StripeGet {
  /** With its query; ids in it are encoded. */
  readonly path: string
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
}

/** An answer of Stripe itself. */
export interface StripeAnswer {
  /** Undefined: there is no such object. */
  readonly object: unknown
  /** Stripe's own clock when it answered: the Date header, whole seconds since 1970. */
  readonly dateS: number
  readonly elapsedMs: number
}

/** @throws StripeReadError; the signal's reason when that aborts */
export type CallStripe = (get: StripeGet, options: ReadOptions) => Promise<StripeAnswer>

/** Of one call: a few tries close together. Whoever cannot be answered in that time is parked, and read later. */
const backoff = { tries: 4, baseMs: 300, factor: 2, capMs: 2000 }
/** A try with less time than that is not started. */
const leastTryMs = 200
/** An outage must not cost every event the whole time of its calls. */
const breaking = { failures: 5, openMs: 1000, openCapMs: 10_000 }

/**
 * GET requests over stripe-node, each in a time that covers its body, repeated within the budget where a repeat can help.
 * All calls of one hive share a breaker: when Stripe is away they fail at once instead of one after the other.
 */
export function createCallStripe(settings: StripeSettings, parts: StripeParts = {}): CallStripe {
  const { clock = systemClock, random, tryMs = 4000, mostBytes = 16 * 1024 * 1024 } = parts
  const send = parts.fetch ?? fetch
  const breaker = new Breaker({ ...breaking, clock, judge: judgeFailure })

  /** A client of its own for each request: stripe-node has no other place for a signal. It costs 0.1 ms. */
  const once = async (key: string, get: StripeGet, signal: AbortSignal, attempt: number): Promise<StripeAnswer> => {
    const wire = bufferedFetch({ fetch: send, signal, clock, mostBytes })
    const { protocol, host, port } = settings
    const client = new Stripe(key, {
      ...{ protocol, host, port, telemetry: false, maxNetworkRetries: 0, timeout: 2 * tryMs },
      httpClient: Stripe.createFetchHttpClient(wire.fetch),
    })
    const got = await client
      .rawRequest('GET', get.path, undefined, get.account === 'self' ? {} : { stripeAccount: get.account })
      .then(
        (object) => ({ object, thrown: undefined }),
        (thrown: unknown) => ({ object: undefined, thrown: thrown ?? new Error('nothing') }),
      )
    const answer = wire.answer()
    const verdict = judgeAnswer(got.thrown, answer, attempt, clock.now())
    if (verdict !== undefined && !verdict.missing) {
      throw failure(verdict.problem, verdict.message, verdict.mayRetry, verdict.waitMs)
    }
    return { object: got.object, ...timesOf(answer) }
  }

  return async (get, { signal, timeoutMs }) => {
    const key = settings.keyFor(get.livemode)
    if (key === undefined) {
      throw new StripeReadError('no_key', `STRIPE_SECRET_KEY has no key with livemode ${get.livemode}`)
    }
    const deadline = deadlineIn(timeoutMs, clock)
    try {
      return await retry(
        (attempt) =>
          breaker.run(async () => {
            const guard = deadline.child(tryMs).guard(signal)
            try {
              return await once(key, get, guard.signal, attempt)
            } finally {
              guard.release()
            }
          }),
        {
          ...{ backoff, deadline, signal, clock, random, minTryMs: leastTryMs },
          mayRetry: ({ code, failure }) => code !== 'BEE_BREAKER_OPEN' && failure === 'retryable',
        },
      )
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof BeeError && thrown.cause instanceof StripeReadError) throw thrown.cause
      const why =
        thrown instanceof BeeError && thrown.code === 'BEE_BREAKER_OPEN' ? 'does not answer' : 'was not asked in time'
      throw new StripeReadError('unavailable', `Stripe ${why}`)
    }
  }
}

/** What the retry understands, around what the caller gets. Stripe's own error stays out of it: its text quotes ids. */
function failure(
  problem: StripeReadError['problem'],
  message: string,
  mayRetry: boolean,
  retryAfterMs: number,
): BeeError {
  const cause = new StripeReadError(problem, message)
  return new BeeError('BEE_HANDLER_FAILED', message, {
    failure: mayRetry ? 'retryable' : 'terminal',
    retryAfterMs,
    cause,
  })
}

/** Only silence and trouble that may pass say that Stripe is away; a refusal is an answer. */
function judgeFailure({ cause, failure }: BeeError): 'failure' | 'success' | 'neutral' {
  if (!(cause instanceof StripeReadError) || cause.problem === 'rate_limited') return 'neutral'
  return cause.problem === 'unavailable' && failure === 'retryable' ? 'failure' : 'success'
}

function timesOf(answer: Answer | undefined): Pick<StripeAnswer, 'dateS' | 'elapsedMs'> {
  const dateMs = Date.parse(answer?.headers.get('date') ?? '')
  // Without Stripe's clock the object cannot be put in order.
  if (answer === undefined || !Number.isFinite(dateMs))
    throw failure('unavailable', 'an answer came without a date', true, 0)
  return { dateS: Math.floor(dateMs / 1000), elapsedMs: answer.elapsedMs }
}

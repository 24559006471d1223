import pRetry from 'p-retry'
import { BeeError, toBeeError } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Deadline } from './deadline.ts'

/** How often and how far apart. */
export interface Backoff {
  /** Calls in all, the first included. @default 3 */
  readonly tries: number
  /** Upper bound of the first wait, milliseconds. @default 1000 */
  readonly baseMs: number
  /** Each bound is the one before times this. @default 2 */
  readonly factor: number
  /** Upper bound of every wait, milliseconds. @default 30_000 */
  readonly capMs: number
}

export const defaultBackoff: Backoff = Object.freeze({ tries: 3, baseMs: 1000, factor: 2, capMs: 30_000 })

export interface RetryOptions {
  /** @default 3 tries, 1 s × 2^n up to 30 s */
  readonly backoff?: Backoff | undefined
  /** @default no limit but the tries */
  readonly deadline?: Deadline | undefined
  /** Least budget of one try, milliseconds; a try that would have less is not started. @default 1 */
  readonly minTryMs?: number | undefined
  /** Ends the waiting; a try in flight must look at the signal itself. */
  readonly signal?: AbortSignal | undefined
  /** Told before each wait. */
  readonly onRetry?: ((fact: RetryFact) => void) | undefined
  /** Whether a repeat may help. @default `retryable` and `unknown_outcome` */
  readonly mayRetry?: ((error: BeeError) => boolean) | undefined
  readonly clock?: Clock | undefined
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined
}

export interface RetryFact {
  /** The try that failed, from 1. */
  readonly attempt: number
  readonly waitMs: number
  readonly error: BeeError
}

/**
 * Calls `attempt` until it succeeds, its error says that a repeat cannot help, or tries, budget or signal are used up.
 * Waits are drawn uniformly from 0 to the bound of the schedule ("full jitter"), after what the other side asked for
 * by `retryAfterMs`. A wait that would leave too little budget for the next try is not begun.
 *
 * p-retry runs the loop; the waiting is ours, because its own jitter vanishes at the cap and cannot be seeded, and the
 * signal is not given to it, because it would throw away a result that arrives after the abort.
 *
 * @throws the BeeError of the last try; BEE_DEADLINE or the signal's reason when not even the first could start.
 */
export function retry<T>(attempt: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { backoff = defaultBackoff, deadline, minTryMs = 1, signal, onRetry } = options
  const { clock = systemClock, random = Math.random, mayRetry = mayHelp } = options
  checkBackoff(backoff)

  const shouldRetry = async (error: BeeError, attemptNumber: number): Promise<boolean> => {
    if (signal?.aborted || !mayRetry(error)) return false
    const waitMs = (error.retryAfterMs ?? 0) + fullJitterMs(attemptNumber, backoff, random)
    if (deadline !== undefined && !deadline.fits(waitMs + minTryMs)) return false
    onRetry?.({ attempt: attemptNumber, waitMs, error })
    await clock.sleep(waitMs, signal)
    return !signal?.aborted && (deadline === undefined || deadline.fits(minTryMs))
  }

  const once = async (attemptNumber: number): Promise<T> => {
    if (attemptNumber === 1) {
      if (signal?.aborted) throw toBeeError(signal.reason, 'BEE_CANCELLED')
      if (deadline !== undefined && !deadline.fits(minTryMs)) throw new BeeError('BEE_DEADLINE')
    }
    try {
      return await attempt(attemptNumber)
    } catch (thrown) {
      throw toBeeError(thrown)
    }
  }

  return pRetry(once, {
    retries: backoff.tries - 1,
    minTimeout: 0,
    shouldRetry: ({ error, attemptNumber }) => shouldRetry(toBeeError(error), attemptNumber),
  })
}

/** The upper bound of the wait after the given failed try (from 1), milliseconds. */
export function waitBoundMs(attempt: number, backoff: Backoff): number {
  return Math.min(backoff.capMs, backoff.baseMs * backoff.factor ** (attempt - 1))
}

/** A wait drawn uniformly from 0 up to the bound, milliseconds. */
export function fullJitterMs(attempt: number, backoff: Backoff, random: () => number): number {
  return random() * waitBoundMs(attempt, backoff)
}

/** The schedule as a table: each try with the longest wait before it and the longest time since the first. */
export function schedule(
  backoff: Backoff,
): readonly { readonly attempt: number; readonly waitUpToMs: number; readonly startsWithinMs: number }[] {
  checkBackoff(backoff)
  let startsWithinMs = 0
  return Array.from({ length: backoff.tries }, (_, index) => {
    const waitUpToMs = index === 0 ? 0 : waitBoundMs(index, backoff)
    startsWithinMs += waitUpToMs
    return { attempt: index + 1, waitUpToMs, startsWithinMs }
  })
}

function mayHelp(error: BeeError): boolean {
  return error.failure === 'retryable' || error.failure === 'unknown_outcome'
}

function checkBackoff(backoff: Backoff): void {
  if (!Number.isInteger(backoff.tries) || backoff.tries < 1)
    throw new TypeError(`expected tries to be an integer from 1, received ${backoff.tries}`)
  for (const name of ['baseMs', 'factor', 'capMs'] as const)
    if (!(Number.isFinite(backoff[name]) && backoff[name] >= 0))
      throw new TypeError(`expected ${name} to be a finite number from 0, received ${backoff[name]}`)
}

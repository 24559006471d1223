/** Of one message: tries before it is a dead letter, and the waits between them. */
export const mostAttempts = 12
const baseMs = 2000
const capMs = 900_000
/** Full jitter may draw nothing; two tries in one breath say nothing new. */
const leastMs = 1000

/**
 * The wait after a failed try: what the other side asked for, and on top of it a wait drawn uniformly between 0 and
 * 2 s × 2^(attempt - 1), at most 15 min ("full jitter"), so that many messages do not come back together.
 *
 * @param attempt that failed, from 1
 * @param askedMs what the other side wants
 * @param random uniform in [0, 1)
 */
export function retryWaitMs(attempt: number, askedMs: number, random: () => number): number {
  const boundMs = Math.min(capMs, baseMs * 2 ** (attempt - 1))
  return Math.ceil(askedMs + Math.max(leastMs, random() * boundMs))
}

import type { IncomingHttpHeaders } from 'node:http'
import { dead, retryLater, type SendOutcome } from '../outcome.ts'
import { PostFailed } from './post.ts'

const longestAskedMs = 3_600_000

/**
 * What an HTTP status means for the message; undefined for 2xx.
 *
 * 408, 425, 429 and 5xx may pass. A temporary redirect is a maintenance page; a permanent one is a wrong setting, as are all
 * other 4xx.
 *
 * @param nowMs wall clock, for a Retry-After that is a date
 */
export function judgeStatus(status: number, headers: IncomingHttpHeaders, nowMs: number): SendOutcome | undefined {
  if (status >= 200 && status < 300) return undefined
  const afterMs = retryAfterMs(headers['retry-after'], nowMs)
  if (status === 429) return retryLater('limited', status, afterMs ?? 1000)
  if (status === 408 || status === 425) return retryLater('refused', status, afterMs)
  if (status === 410) return dead('gone', status)
  if (status >= 500) return retryLater('unwell', status, afterMs)
  if (status === 301 || status === 308) return dead('redirected', status)
  if (status >= 300 && status < 400) return retryLater('redirected', status)
  return status >= 400 ? dead('refused', status) : retryLater('odd_answer', status)
}

/** What a request without a whole answer means. A refused address may be a slip of the name server: it is tried again. */
export function judgeFailure(thrown: unknown): SendOutcome {
  if (thrown instanceof PostFailed) return retryLater(thrown.problem, null)
  throw thrown
}

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date; at most an hour. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const waitMs = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return waitMs > 0 ? Math.min(waitMs, longestAskedMs) : undefined
}

import type { BeeError, ErrorCode } from '../errors.ts'

const defaultRetryAfterS = 5
const longestRetryAfterS = 60
/** The body, or what is left of it, is not read then, so the connection cannot carry another request. */
const unread: readonly number[] = [401, 405, 408, 413, 429]

/** A small JSON answer with nothing of what was sent but ids that the sender knows anyway. */
export function reply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/**
 * The answer for a refused or undeliverable request to a route that takes POST: `{ status, code, message }`.
 *
 * @param statuses HTTP status by error code; every other code is answered with 400
 */
export function refusal(error: BeeError, statuses: Partial<Record<ErrorCode, number>>): Response {
  const { code, message, retryAfterMs } = error
  const status = statuses[code] ?? 400
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers['allow'] = 'POST'
  if (unread.includes(status)) headers['connection'] = 'close'
  if (status === 503 || status === 429) {
    const seconds = retryAfterMs === undefined ? defaultRetryAfterS : Math.ceil(retryAfterMs / 1000)
    headers['retry-after'] = String(Math.min(longestRetryAfterS, Math.max(1, seconds)))
  }
  return reply(status, { status: status === 503 ? 'not_durable' : 'refused', code, message }, headers)
}

import type { BeeError, ErrorCode } from '../../errors.ts'

/** Every other code is answered with 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BEE_EVENTS_SECRET: 401,
  BEE_EVENTS_METHOD: 405,
  BEE_EVENTS_SLOW: 408,
  BEE_EVENTS_TOO_LARGE: 413,
  BEE_EVENTS_RATE: 429,
  BEE_EVENTS_NOT_DURABLE: 503,
}

const defaultRetryAfterS = 5

/** A small JSON answer with nothing of what was sent. */
export function reply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/** The answer for a refused or undeliverable request: `{ status, code, message }`. */
export function refusal(error: BeeError): Response {
  const { code, message, retryAfterMs } = error
  const status = statuses[code] ?? 400
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers['allow'] = 'POST'
  // The body, or what is left of it, is not read, so the connection cannot carry another request.
  if (status !== 400 && status !== 503) headers['connection'] = 'close'
  if (status === 503 || status === 429) {
    const seconds = retryAfterMs === undefined ? defaultRetryAfterS : Math.ceil(retryAfterMs / 1000)
    headers['retry-after'] = String(Math.min(60, Math.max(1, seconds)))
  }
  return reply(status, { status: status === 503 ? 'not_durable' : 'refused', code, message }, headers)
}

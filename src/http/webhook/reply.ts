import type { BeeError, ErrorCode } from '../../errors.ts'

/** Every other code is answered with 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BEE_WEBHOOK_METHOD: 405,
  BEE_WEBHOOK_SLOW: 408,
  BEE_WEBHOOK_TOO_LARGE: 413,
  BEE_WEBHOOK_NOT_DURABLE: 503,
}

const defaultRetryAfterS = 5

/** A small JSON answer. Nothing of the event but ids that the sender knows anyway. */
export function reply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/** The answer for a refused or undeliverable request: `{ status, code, message }`. */
export function refusal(error: BeeError): Response {
  const { code, message, retryAfterMs } = error
  const status = statuses[code] ?? 400
  const headers: Record<string, string> = {}
  if (status === 405) headers['allow'] = 'POST'
  // What is left of the body is not read, so the connection cannot carry another request.
  if (status === 408 || status === 413) headers['connection'] = 'close'
  if (status === 503) {
    const seconds = retryAfterMs === undefined ? defaultRetryAfterS : Math.ceil(retryAfterMs / 1000)
    headers['retry-after'] = String(Math.min(60, Math.max(1, seconds)))
  }
  return reply(status, { status: status === 503 ? 'not_durable' : 'refused', code, message }, headers)
}

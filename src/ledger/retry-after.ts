/**
 * A Retry-After header (RFC 9110, 10.2.3) as milliseconds to wait: seconds, or a date. Undefined when absent, malformed
 * or past.
 * @param nowMs wall clock, milliseconds since 1970
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return waitMs > 0 ? waitMs : undefined
}

import { digestOf } from '../canonical.ts'
import { BeeError } from '../errors.ts'
import type { EnvelopeClaims } from './types.ts'

/** A standing order outlives its submitter's attention, so it must be renewed before long. */
export const LONGEST_ORDER_MS = 90 * 24 * 60 * 60 * 1000

/** How late a process may begin however short its slot is: the longest outage after which a run is still made up for. */
const LATEST_MS = 24 * 60 * 60 * 1000

export interface SlotTimes {
  /** Our own clock, milliseconds since 1970. */
  readonly nowMs: number
  /** As the broker says; whoever holds the broker can say anything. */
  readonly submittedAtMs: number
  readonly skewMs: number
}

/**
 * The slot of a standing order in which a process falls. The broker's word for the time is held against our own clock:
 * no slot before its time, none that began before the order, none that is over for long. So a broker that lies can choose
 * among the unused slots of the last day (of the last two slots, if these are longer), and use each of them once.
 *
 * @throws BeeError BEE_ENVELOPE_FUTURE, BEE_ENVELOPE_EXPIRED
 */
export function checkSlot(
  claims: Pick<EnvelopeClaims, 'iat' | 'exp'> & { readonly every: number },
  { nowMs, submittedAtMs, skewMs }: SlotTimes,
): { readonly number: number; readonly expiresAt: string } {
  const everyMs = claims.every * 1000
  const latestMs = Math.max(2 * everyMs, LATEST_MS)
  const said = told(submittedAtMs)
  if (!Number.isFinite(submittedAtMs) || submittedAtMs > nowMs + skewMs) {
    throw new BeeError('BEE_ENVELOPE_FUTURE', `the run was submitted at ${said}, now is ${told(nowMs)}`)
  }
  if (submittedAtMs < claims.iat * 1000 - skewMs) {
    const message = `the run was submitted at ${said}, before its standing order of ${told(claims.iat * 1000)}`
    throw new BeeError('BEE_ENVELOPE_EXPIRED', message)
  }
  const number = Math.floor(submittedAtMs / everyMs)
  const endsMs = (number + 1) * everyMs
  if (endsMs + latestMs + skewMs <= nowMs) {
    const message = `the run belongs to the slot that was over at ${told(endsMs)}, now is ${told(nowMs)}`
    throw new BeeError('BEE_ENVELOPE_EXPIRED', message)
  }
  // Twice the skew: once because we accept that much, once for the database's own clock.
  return { number, expiresAt: told(endsMs + latestMs + 2 * skewMs) }
}

/** The nonce of one slot. Not of the order's own nonce: a renewed order must not open the slot a second time. */
export function slotNonce({ aud, bee, task, input, every }: EnvelopeClaims, slot: number): string {
  return Buffer.from(digestOf({ aud, bee, task, input, every, slot }), 'hex').toString('base64url')
}

function told(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'a time that is none' : date.toISOString()
}

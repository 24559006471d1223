import Stripe from 'stripe'
import { BeeError } from '../../errors.ts'

export interface SignatureRules {
  readonly secrets: readonly string[]
  /** Greatest age, seconds. */
  readonly toleranceS: number
  /** Greatest lead over our clock, seconds. */
  readonly futureToleranceS: number
}

/** Web crypto, so that the same code runs in Node, Deno and edge functions. */
const cryptoProvider = Stripe.createSubtleCryptoProvider()

/**
 * Checks a `stripe-signature` header against each secret; one match is enough. Stripe's library checks the signature
 * and its age; the bound on future times and the strictness about `t` are ours.
 *
 * @param nowMs wall clock, milliseconds since 1970
 * @throws BeeError BEE_WEBHOOK_SIGNATURE
 */
export async function verifySignature(
  body: string,
  header: string | null,
  rules: SignatureRules,
  nowMs: number,
): Promise<void> {
  if (header === null || header === '') throw refused('The stripe-signature header is missing.')
  const signedAtS = timestampOf(header)
  const ageS = Math.floor(nowMs / 1000) - signedAtS
  if (ageS > rules.toleranceS) throw refused(`The signature is older than ${rules.toleranceS} s.`)
  if (-ageS > rules.futureToleranceS) {
    throw refused(`The signature's time is more than ${rules.futureToleranceS} s ahead.`)
  }
  for (const secret of rules.secrets) {
    if (await matches(body, header, secret, rules.toleranceS, nowMs)) return
  }
  throw refused('No configured secret made this signature.')
}

async function matches(
  body: string,
  header: string,
  secret: string,
  toleranceS: number,
  nowMs: number,
): Promise<boolean> {
  const { signature } = Stripe.webhooks
  if (signature === null) throw new BeeError('BEE_INTERNAL', 'The Stripe library has no signature check.')
  try {
    return await signature.verifyHeaderAsync(body, header, secret, toleranceS, cryptoProvider, nowMs)
  } catch {
    // Not only its own error class: an empty `v1=` makes the library throw a plain Error.
    return false
  }
}

/** The library reads `t` with parseInt and lets a second `t` win; here it is one whole number or nothing. */
function timestampOf(header: string): number {
  const times = header.split(',').filter((part) => part.startsWith('t='))
  const seconds = times.length === 1 ? times[0]?.slice(2) : undefined
  if (seconds === undefined || !/^[1-9]\d{0,11}$/.test(seconds)) {
    throw refused('The stripe-signature header has no usable time.')
  }
  return Number(seconds)
}

const refused = (message: string): BeeError => new BeeError('BEE_WEBHOOK_SIGNATURE', message)

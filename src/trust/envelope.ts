import { randomBytes } from 'node:crypto'
import { canonicalJson, digestOf } from '../canonical.ts'
import { BeeError } from '../errors.ts'
import { envelopeClaims, firstProblem, LONGEST_SLOT_S } from './claims.ts'
import { decodeJws, encodeJws } from './jws.ts'
import { verifySignature } from './public-key.ts'
import type { SigningKey } from './signing-key.ts'
import { checkSlot, LONGEST_ORDER_MS, slotNonce } from './standing-order.ts'
import type { EnvelopeClaims, TrustedKey } from './types.ts'

const TYP = 'bee-task+jwt'
const WEEK_MS = 7 * 24 * 60 * 60 * 1000
const LONGEST_VALIDITY_MS = 366 * 24 * 60 * 60 * 1000

/** What an envelope is made for: this task of this bee in this colony, with this input and no other. */
export interface EnvelopeSubject {
  readonly colony: string
  readonly bee: string
  readonly task: string
  /** The input as it is submitted, any JSON. */
  readonly input: unknown
}

export interface SignEnvelopeOptions {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number
  /** How long the envelope may wait in the queue. @default 604_800_000 (7 days) */
  readonly validForMs?: number | undefined
  /**
   * Makes it a standing order: one process in each slot of so many seconds. Valid for 90 days at most.
   * @default one process in all
   */
  readonly everyS?: number | undefined
  /** Source of the nonce. @default node:crypto randomBytes */
  readonly random?: ((bytes: number) => Uint8Array) | undefined
}

/**
 * Signs a task envelope: the compact JWS that travels in kwargs.envelope.
 *
 * @throws BeeError BEE_USAGE for a validity that no envelope can have; TypeError for an input that is not JSON.
 */
export function signEnvelope(subject: EnvelopeSubject, key: SigningKey, options: SignEnvelopeOptions): string {
  const { nowMs, validForMs = WEEK_MS, everyS, random = randomBytes } = options
  const longestMs = everyS === undefined ? LONGEST_VALIDITY_MS : LONGEST_ORDER_MS
  if (!(validForMs > 0 && validForMs <= longestMs)) {
    throw usage(`validForMs: expected more than 0 and at most ${longestMs}, received ${validForMs}`)
  }
  if (everyS !== undefined && !(Number.isInteger(everyS) && everyS >= 1 && everyS <= LONGEST_SLOT_S)) {
    throw usage(`everyS: expected an integer from 1 to ${LONGEST_SLOT_S}, received ${everyS}`)
  }
  const iat = Math.floor(nowMs / 1000)
  const claims: EnvelopeClaims = {
    v: 1,
    aud: subject.colony,
    bee: subject.bee,
    task: subject.task,
    input: digestOf(subject.input),
    iat,
    exp: iat + Math.ceil(validForMs / 1000),
    jti: Buffer.from(random(16)).toString('base64url'),
    ...(everyS === undefined ? {} : { every: everyS }),
  }
  return encodeJws(TYP, key.kid, canonicalJson(claims), (bytes) => key.sign(bytes))
}

export interface VerifyEnvelopeOptions extends EnvelopeSubject {
  readonly trusted: readonly TrustedKey[]
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number
  /** How far the submitter's clock may be off, both ways. @default 60_000 */
  readonly skewMs?: number | undefined
  /**
   * When the process was handed in, by the broker's clock, milliseconds since 1970. Decides in which slot of a standing
   * order it falls; other envelopes do not look at it.
   * @default nowMs
   */
  readonly submittedAtMs?: number | undefined
}

export interface VerifiedEnvelope {
  readonly claims: EnvelopeClaims
  /** The slot of a standing order, counted from 1970; null for an envelope that is good for one process. */
  readonly slot: number | null
  /** To be used up in the transaction; the shape is the one on the wire to the ledger. */
  readonly nonce: { readonly kid: string; readonly nonce: string; readonly expires_at: string }
}

/**
 * Admits a task, or says why not. What cannot be seen from here is whether the nonce is unused: the ledger decides
 * that inside the transaction.
 *
 * A standing order is admitted in every slot anew: its nonce is made of what is ordered and the slot, so that all orders
 * of one key for one task, input and interval share one nonce a slot, renewed ones too.
 *
 * @param token kwargs.envelope as it came from the broker.
 * @throws BeeError BEE_ENVELOPE_MISSING, _MALFORMED, _UNTRUSTED, _SIGNATURE, _FOREIGN, _ALTERED, _FUTURE or _EXPIRED
 */
export function verifyEnvelope(token: unknown, options: VerifyEnvelopeOptions): VerifiedEnvelope {
  const { nowMs, skewMs = 60_000, submittedAtMs = nowMs } = options
  const { kid, claims } = verifyOrigin(token, { ...options, skewMs })
  checkTimes(claims, nowMs, skewMs)
  if (claims.every === undefined) {
    // Twice the skew: once because we accept that much after exp, once for the database's own clock.
    const expiresAt = new Date(claims.exp * 1000 + 2 * skewMs).toISOString()
    return { claims, slot: null, nonce: { kid, nonce: claims.jti, expires_at: expiresAt } }
  }
  const slot = checkSlot({ ...claims, every: claims.every }, { nowMs, skewMs, submittedAtMs })
  return {
    claims,
    slot: slot.number,
    nonce: { kid, nonce: slotNonce(claims, slot.number), expires_at: slot.expiresAt },
  }
}

/**
 * Who asked for what, whenever that was: everything but the time window of the envelope itself. For what is asked again
 * on behalf of the same submitter.
 *
 * @throws BeeError BEE_ENVELOPE_MISSING, _MALFORMED, _UNTRUSTED, _SIGNATURE, _FOREIGN or _ALTERED
 */
export function verifyOrigin(
  token: unknown,
  options: Omit<VerifyEnvelopeOptions, 'submittedAtMs'>,
): { readonly kid: string; readonly claims: EnvelopeClaims } {
  const { kid, claims, key } = authenticate(token, options.trusted)
  const { colony, bee, task, nowMs, skewMs = 60_000 } = options
  if (claims.aud !== colony) throw foreign('colony', claims.aud, colony)
  if (claims.bee !== bee) throw foreign('bee', claims.bee, bee)
  if (claims.task !== task) throw foreign('task', claims.task, task)
  const digest = inputDigest(options.input)
  if (claims.input !== digest) {
    throw new BeeError(
      'BEE_ENVELOPE_ALTERED',
      `the envelope was signed for input ${claims.input}, received input ${digest}`,
    )
  }
  checkKeyWindow(claims, key, nowMs, skewMs)
  return { kid, claims }
}

function authenticate(token: unknown, trusted: readonly TrustedKey[]) {
  if (token === undefined || token === null || token === '') throw new BeeError('BEE_ENVELOPE_MISSING')
  if (typeof token !== 'string') throw malformed(`expected a string, received ${typeof token}`)
  const jws = decodeJws(token, TYP)
  if (typeof jws === 'string') throw malformed(jws)
  const key = trusted.find(({ kid }) => kid === jws.kid)
  if (key === undefined) {
    throw new BeeError('BEE_ENVELOPE_UNTRUSTED', `no trusted submitter key has the kid ${JSON.stringify(jws.kid)}`)
  }
  if (!verifySignature(key.x, jws.signingInput, jws.signature)) throw new BeeError('BEE_ENVELOPE_SIGNATURE')
  const claims = envelopeClaims.safeParse(jws.claims)
  if (!claims.success) throw malformed(`claims: ${firstProblem(claims.error)}`)
  const { exp, iat, every } = claims.data
  if (exp <= iat) throw malformed('claims: expected exp after iat')
  if (every !== undefined && (exp - iat) * 1000 > LONGEST_ORDER_MS) {
    throw malformed('claims: expected a standing order to end within 90 days')
  }
  return { kid: jws.kid, claims: claims.data, key }
}

const told = (seconds: number) => new Date(seconds * 1000).toISOString()

function checkKeyWindow(claims: EnvelopeClaims, key: TrustedKey, nowMs: number, skewMs: number): void {
  if (key.notBefore !== undefined && claims.iat < key.notBefore) {
    throw new BeeError(
      'BEE_ENVELOPE_UNTRUSTED',
      `key ${key.kid} signs from ${told(key.notBefore)}, not ${told(claims.iat)}`,
    )
  }
  // Against our own clock, not iat: whoever steals an old key can write any iat.
  if (key.notAfter !== undefined && nowMs > key.notAfter * 1000 + skewMs) {
    throw new BeeError(
      'BEE_ENVELOPE_UNTRUSTED',
      `key ${key.kid} was trusted until ${told(key.notAfter)}, now is ${new Date(nowMs).toISOString()}`,
    )
  }
}

function checkTimes(claims: EnvelopeClaims, nowMs: number, skewMs: number): void {
  const now = new Date(nowMs).toISOString()
  if (claims.iat * 1000 > nowMs + skewMs) {
    throw new BeeError('BEE_ENVELOPE_FUTURE', `the envelope was issued at ${told(claims.iat)}, now is ${now}`)
  }
  if (claims.exp * 1000 + skewMs <= nowMs) {
    throw new BeeError('BEE_ENVELOPE_EXPIRED', `the envelope was valid until ${told(claims.exp)}, now is ${now}`)
  }
}

function inputDigest(input: unknown): string {
  try {
    return digestOf(input)
  } catch (error) {
    throw new BeeError('BEE_ENVELOPE_ALTERED', 'the input has no canonical JSON text', { cause: error })
  }
}

const usage = (problem: string) => new BeeError('BEE_USAGE', problem)

const malformed = (problem: string) => new BeeError('BEE_ENVELOPE_MALFORMED', `task envelope: ${problem}`)

const foreign = (what: string, signed: string, received: string) =>
  new BeeError('BEE_ENVELOPE_FOREIGN', `the envelope was signed for ${what} '${signed}', received by '${received}'`)

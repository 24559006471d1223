import { catalogue, type ErrorCode } from '../errors.ts'
import { firstProblem, receiptClaims } from './claims.ts'
import { decodeJws } from './jws.ts'
import type { Finding, ReceiptClaims, TrustedKey } from './types.ts'

/** What the receipt must say; members that are absent are not compared. Digests, not values. */
export type ReceiptExpectations = { readonly [K in keyof ReceiptClaims]?: ReceiptClaims[K] | undefined }

/** `claims` are authentic only when `ok`. Findings are listed in the order in which a person should read them. */
export type ReceiptVerdict =
  | { readonly ok: true; readonly kid: string; readonly claims: ReceiptClaims }
  | { readonly ok: false; readonly findings: readonly Finding[] }

export type VerifySignature = (x: string, message: Uint8Array, signature: Uint8Array) => boolean

export const finding = (code: ErrorCode, detail: string): Finding =>
  Object.freeze({ code, failure: catalogue[code].failure, message: detail })

/**
 * Everything that can be wrong with one receipt, with any Ed25519 verifier: the part of the work that needs neither
 * node:crypto nor a browser's.
 */
export function checkReceipt(
  jws: string,
  keys: readonly TrustedKey[],
  expectations: ReceiptExpectations,
  verifySignature: VerifySignature,
): ReceiptVerdict {
  const decoded = decodeJws(jws, 'bee-receipt+jwt')
  if (typeof decoded === 'string') return malformed(decoded)
  const parsed = receiptClaims.safeParse(decoded.claims)
  if (!parsed.success) return malformed(`claims: ${firstProblem(parsed.error)}`)
  const claims = parsed.data
  const key = keys.find(({ kid }) => kid === decoded.kid)
  const findings = [
    ...checkKey(decoded.kid, key, claims.iat),
    ...(key === undefined || verifySignature(key.x, decoded.signingInput, decoded.signature)
      ? []
      : [finding('BEE_RECEIPT_SIGNATURE', `the signature is not by key ${key.kid} over these claims`)]),
    ...checkExpectations(claims, expectations),
  ]
  return findings.length === 0 ? { ok: true, kid: decoded.kid, claims } : { ok: false, findings }
}

function malformed(problem: string): ReceiptVerdict {
  return { ok: false, findings: [finding('BEE_RECEIPT_MALFORMED', `receipt: ${problem}`)] }
}

function checkKey(kid: string, key: TrustedKey | undefined, iat: number): readonly Finding[] {
  if (key === undefined) return [finding('BEE_RECEIPT_KEY_UNKNOWN', `no key has the kid ${JSON.stringify(kid)}`)]
  const from = key.notBefore ?? 0
  const until = key.notAfter ?? Number.POSITIVE_INFINITY
  if (iat >= from && iat <= until) return []
  const end = key.notAfter === undefined ? 'further notice' : instant(key.notAfter)
  const window = `key ${kid} is valid from ${instant(from)} until ${end}`
  return [finding('BEE_RECEIPT_KEY_NOT_VALID', `${window}; the receipt was signed at ${instant(iat)}`)]
}

function checkExpectations(claims: ReceiptClaims, expectations: ReceiptExpectations): readonly Finding[] {
  return Object.entries(expectations).flatMap(([field, expected]) => {
    const received: unknown = Object.entries(claims).find(([name]) => name === field)?.[1]
    if (expected === undefined || sameJson(received, expected)) return []
    const detail = `${field}: expected ${JSON.stringify(expected)}, the receipt says ${JSON.stringify(received)}`
    return [finding('BEE_RECEIPT_MISMATCH', detail)]
  })
}

function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = new Map<string, unknown>(Object.entries(a))
  const right = Object.entries(b)
  return left.size === right.length && right.every(([name, value]) => left.has(name) && sameJson(left.get(name), value))
}

const instant = (seconds: number) => new Date(seconds * 1000).toISOString()

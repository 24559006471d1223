import { canonicalJson } from '../canonical.ts'
import { redriveClaims } from './claims.ts'
import { decodeJws, encodeJws } from './jws.ts'
import { verifySignature } from './public-key.ts'
import type { SigningKey } from './signing-key.ts'
import type { RedriveClaims, TrustedKey } from './types.ts'

const TYP = 'bee-redrive+jwt'

/**
 * The statement that somebody handed something in again: who (the key), what, and which process came of it.
 *
 * @param nowMs wall clock, milliseconds since 1970.
 */
export function signRedrive(what: Omit<RedriveClaims, 'v' | 'iat'>, key: SigningKey, nowMs: number): string {
  const claims: RedriveClaims = { ...what, v: 1, iat: Math.floor(nowMs / 1000) }
  return encodeJws(TYP, key.kid, canonicalJson(claims), (bytes) => key.sign(bytes))
}

/**
 * What a statement says; undefined unless it is signed by one of the keys, in that key's time, and says what is expected.
 *
 * @param expected members that are not listed are not compared.
 */
export function verifyRedrive(
  token: string,
  trusted: readonly TrustedKey[],
  expected: Partial<RedriveClaims> = {},
): RedriveClaims | undefined {
  const jws = decodeJws(token, TYP)
  if (typeof jws === 'string') return undefined
  const key = trusted.find(({ kid }) => kid === jws.kid)
  if (key === undefined || !verifySignature(key.x, jws.signingInput, jws.signature)) return undefined
  const parsed = redriveClaims.safeParse(jws.claims)
  if (!parsed.success) return undefined
  const { iat } = parsed.data
  if (iat < (key.notBefore ?? 0) || iat > (key.notAfter ?? Number.POSITIVE_INFINITY)) return undefined
  const said = new Map<string, unknown>(Object.entries(parsed.data))
  return Object.entries(expected).every(([name, value]) => said.get(name) === value) ? parsed.data : undefined
}

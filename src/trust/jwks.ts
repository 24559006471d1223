import { z } from 'zod'
import { BeeError } from '../errors.ts'
import { publicKeyProblem } from './public-key.ts'
import type { PublicJwk } from './signing-key.ts'
import { thumbprint } from './thumbprint.ts'
import type { TrustedKey } from './types.ts'

export interface JwksKey extends PublicJwk {
  /** Valid from and until, seconds since 1970. Readers that do not know these members ignore them. */
  readonly nbf?: number
  readonly exp?: number
}

export interface Jwks {
  readonly keys: readonly JwksKey[]
}

/** The key set published at /.well-known/jwks.json. */
export function jwksOf(keys: readonly TrustedKey[]): Jwks {
  return {
    keys: keys.map(({ kid, x, notBefore, notAfter }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      x,
      kid,
      use: 'sig',
      alg: 'EdDSA',
      ...(notBefore === undefined ? {} : { nbf: notBefore }),
      ...(notAfter === undefined ? {} : { exp: notAfter }),
    })),
  }
}

/** A key as the ledger keeps it, as a key to verify with. */
export function publishedKey(row: {
  readonly kid: string
  readonly x: string
  readonly not_before: string
  readonly not_after: string | null
}): TrustedKey {
  const seconds = (text: string) => Math.floor(Date.parse(text) / 1000)
  const notAfter = row.not_after === null ? undefined : seconds(row.not_after)
  return { kid: row.kid, x: row.x, notBefore: seconds(row.not_before), notAfter }
}

const seconds = z.int().min(0).max(250_000_000_000)
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const ed25519Key = z.looseObject({
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string().optional(),
  nbf: seconds.optional(),
  exp: seconds.optional(),
  d: z.never({ error: 'a private key: keep it off other machines and replace it' }).optional(),
})

/**
 * Reads a JWKS (RFC 7517) for offline verification. Keys of other types are passed over, as the RFC asks.
 *
 * @param source the file's text, or its JSON.
 * @throws BeeError BEE_KEYS_MALFORMED which names the key and what was expected.
 */
export function parseJwks(source: unknown): readonly TrustedKey[] {
  const parsed = keySet.safeParse(typeof source === 'string' ? parseJson(source) : source)
  if (!parsed.success) throw malformed('expected JSON of the form { "keys": [...] }')
  return parsed.data.keys.flatMap((candidate, index) => {
    if (candidate.kty !== 'OKP' || candidate['crv'] !== 'Ed25519') return []
    const key = ed25519Key.safeParse(candidate)
    if (!key.success) {
      const [issue] = key.error.issues
      throw malformed(`keys[${index}].${issue?.path.join('.')}: ${issue?.message}`)
    }
    const { x, kid = thumbprint(x), nbf: notBefore, exp: notAfter } = key.data
    const problem = publicKeyProblem(x)
    if (problem !== undefined) throw malformed(`keys[${index}].x: ${problem}`)
    if (kid !== thumbprint(x)) throw malformed(`keys[${index}].kid: expected the RFC 7638 thumbprint ${thumbprint(x)}`)
    return [{ kid, x, notBefore, notAfter }]
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const malformed = (problem: string) => new BeeError('BEE_KEYS_MALFORMED', `key set: ${problem}`)

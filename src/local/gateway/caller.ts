/** Who calls: from API key and bearer token to a database role. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { type GatewaySettings, type Role, roles } from './options.ts'
import { postgrestError } from './postgrest-error.ts'

export interface Caller {
  readonly role: Role
  /** JSON for `request.jwt.claims`. */
  readonly claims: string
}

export type Authenticate = (headers: IncomingHttpHeaders) => Caller

const jwtHeader = z.object({ alg: z.literal('HS256') })
const jwtClaims = z.looseObject({
  role: z.enum(roles),
  exp: z.number().optional(),
  nbf: z.number().optional(),
})
/** Clocks may differ by that much. */
const skewSeconds = 30

/**
 * A valid `apikey` header, a valid bearer token, or both; the token decides then. A bad one of either is refused even
 * beside a good one.
 */
export function authenticator({ keys, jwtSecret }: Pick<GatewaySettings, 'keys' | 'jwtSecret'>): Authenticate {
  const callers = new Map<string, Caller>()
  for (const role of roles) {
    const key = keys[role]
    if (key !== undefined) callers.set(digest(key), { role, claims: JSON.stringify({ role }) })
  }
  // Looked up by digest, so that the time it takes says nothing about the characters of a key.
  const callerOfKey = (key: string): Caller | undefined => callers.get(digest(key))

  const callerOfToken = (token: string): Caller | undefined =>
    callerOfKey(token) ?? (jwtSecret === undefined ? undefined : callerOfJwt(token, jwtSecret))

  return (headers) => {
    const apikey = single(headers['apikey'])
    const token = bearerOf(headers.authorization)
    if (apikey === undefined && token === undefined) {
      throw refused('PGRST302', 'No API key found in request', 'Send it as the header `apikey`.')
    }
    const byKey = apikey === undefined ? undefined : callerOfKey(apikey)
    if (apikey !== undefined && byKey === undefined) throw refused('PGRST301', 'Invalid API key')
    if (token === undefined && byKey !== undefined) return byKey
    const byToken = token === undefined ? undefined : callerOfToken(token)
    if (byToken === undefined) throw refused('PGRST301', 'JWT could not be decoded or verified')
    return byToken
  }
}

function callerOfJwt(token: string, secret: string): Caller | undefined {
  const [head, payload, signature, ...rest] = token.split('.')
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined
  const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest()
  const received = Buffer.from(signature, 'base64url')
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) return undefined
  const header = jwtHeader.safeParse(parseSegment(head))
  const parsed = jwtClaims.safeParse(parseSegment(payload))
  if (!header.success || !parsed.success) return undefined
  const nowSeconds = Date.now() / 1000
  const { role, exp, nbf } = parsed.data
  if (exp !== undefined && exp + skewSeconds < nowSeconds) throw refused('PGRST303', 'JWT expired')
  if (nbf !== undefined && nbf - skewSeconds > nowSeconds) throw refused('PGRST303', 'JWT not yet valid')
  return { role, claims: JSON.stringify(parsed.data) }
}

function parseSegment(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** `undefined` when there is no token; a header in another form counts as a bad token. */
function bearerOf(header: string | undefined): string | undefined {
  return header === undefined || header === '' ? undefined : (/^bearer\s+(\S+)$/i.exec(header)?.[1] ?? '')
}

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value === '' ? undefined : value

const digest = (key: string): string => createHash('sha256').update(key).digest('base64')

const refused = (code: string, message: string, hint?: string) => postgrestError(401, { code, message, hint })

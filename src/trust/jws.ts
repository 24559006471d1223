import { decodeBase64url, encodeBase64url } from './base64url.ts'

/** The kinds of token that we sign; the kind keeps a receipt from passing as an envelope. */
export type JwsType = 'bee-task+jwt' | 'bee-receipt+jwt' | 'bee-redrive+jwt'

/** Longest token that is looked at, characters: a receipt of the 1000 ledger rows that it may have fits. */
const longest: Readonly<Record<JwsType, number>> = {
  'bee-task+jwt': 64 * 1024,
  'bee-receipt+jwt': 256 * 1024,
  'bee-redrive+jwt': 8 * 1024,
}

/** A compact JWS, taken apart but not yet believed. */
export interface DecodedJws {
  readonly kid: string
  readonly claims: unknown
  readonly signature: Uint8Array<ArrayBuffer>
  /** What the signature is over. */
  readonly signingInput: Uint8Array<ArrayBuffer>
}

/**
 * Takes a compact JWS (RFC 7515) apart, strictly: exactly the header members `alg` (EdDSA), `kid` and `typ`, one
 * spelling of every byte, and no JSON member twice, since two readers could then read two values. Runs anywhere.
 *
 * @returns the parts, or a sentence that says what is wrong.
 */
export function decodeJws(token: string, typ: JwsType): DecodedJws | string {
  if (token.length > longest[typ]) return `expected at most ${longest[typ]} characters, received ${token.length}`
  const parts = token.split('.')
  const [head, body, tail] = parts
  if (parts.length !== 3 || !head || !body || !tail) return 'expected three parts joined by dots'
  const header = decodeJsonObject(head)
  if (typeof header === 'string') return `header: ${header}`
  const problem = headerProblem(header, typ)
  if (problem !== undefined) return `header: ${problem}`
  const claims = decodeJsonObject(body)
  if (typeof claims === 'string') return `claims: ${claims}`
  const signature = decodeBase64url(tail)
  if (signature?.length !== 64) return 'signature: expected 64 bytes in base64url'
  return { kid: String(header['kid']), claims, signature, signingInput: new TextEncoder().encode(`${head}.${body}`) }
}

/** The compact JWS over `claims` (JSON text). `sign` makes the 64 bytes. */
export function encodeJws(typ: JwsType, kid: string, claims: string, sign: (bytes: Uint8Array) => Uint8Array): string {
  const encoder = new TextEncoder()
  const header = JSON.stringify({ alg: 'EdDSA', kid, typ })
  const signed = `${encodeBase64url(encoder.encode(header))}.${encodeBase64url(encoder.encode(claims))}`
  return `${signed}.${encodeBase64url(sign(encoder.encode(signed)))}`
}

function headerProblem(header: Readonly<Record<string, unknown>>, typ: JwsType): string | undefined {
  if (header['alg'] !== 'EdDSA') return "expected alg 'EdDSA'"
  if (header['typ'] !== typ) return `expected typ '${typ}'`
  const kid = header['kid']
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > 128) return 'expected a kid of 1 to 128 characters'
  // Unknown members, crit among them, would change the meaning for a reader who knows them.
  if (Object.keys(header).length !== 3) return 'expected no members but alg, kid and typ'
  return undefined
}

function decodeJsonObject(part: string): Readonly<Record<string, unknown>> | string {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) return 'expected canonical base64url'
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected a JSON object'
    if (membersInText(text) !== membersInValue(value)) return 'expected no member twice'
    return { ...value }
  } catch {
    return 'expected JSON in UTF-8'
  }
}

/** Members written in valid JSON text: strings that a colon follows. JSON.parse keeps only the last of equal ones. */
function membersInText(text: string): number {
  let members = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) members += 1
  return members
}

function membersInValue(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value).reduce<number>((sum, item) => sum + membersInValue(item), 0)
  return Array.isArray(value) ? inner : inner + Object.keys(value).length
}

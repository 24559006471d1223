import { createHash } from 'node:crypto'

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * The canonical text of a JSON value: RFC 8785 (JCS). Keys are sorted by UTF-16 code units, numbers are written as
 * ECMAScript does, strings escape only what JSON demands. Members that are `undefined` count as absent.
 *
 * @throws TypeError for a value that has no JSON text (function, bigint, NaN, infinity) and for a lone surrogate, which
 * no two implementations would encode alike.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`expected a finite number, received ${value}`)
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('expected a well-formed string, received a lone surrogate')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  throw new TypeError(`expected a JSON value, received ${typeof value}`)
}

/** SHA-256 of the canonical text, 64 lower-case hex digits: the digest of inputs, outputs, schemas and receipts. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value))
}

/** SHA-256 of UTF-8 text, 64 lower-case hex digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

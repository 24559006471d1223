/**
 * JSON text as Go's encoding/json writes it: struct fields in the order given, map keys sorted by bytes, integers as
 * plain tokens of any length, `<`, `>`, `&`, U+2028 and U+2029 escaped. White space is not reproduced.
 */

/** A piece of text that is JSON already, for example a stored `out` or an integer beyond 2^53. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Json = null | boolean | number | bigint | string | Raw | readonly Json[] | { readonly [key: string]: Json }

const unsafe = /[<>&\u2028\u2029]/g
const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** A JSON string literal. A lone surrogate becomes U+FFFD, as in Go. */
export function encodeString(value: string): string {
  const literal = JSON.stringify(value.isWellFormed() ? value : value.toWellFormed())
  return literal.replace(unsafe, (character) => escapes[character] ?? character)
}

/** Encodes a value; the keys of objects keep their order. */
export function encode(value: Json): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return encodeString(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`
  return encodeFields(Object.entries(value))
}

/** Encodes a Go map: keys sorted by their UTF-8 bytes. */
export function encodeMap(value: { readonly [key: string]: Json }): string {
  return encodeFields(Object.entries(value).sort(([left], [right]) => compareBytes(left, right)))
}

/** Encodes what a client sent as `any`: every object is a Go map. */
export function encodeAny(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeAny).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([left], [right]) => compareBytes(left, right))
    return `{${entries.map(([key, item]) => `${encodeString(key)}:${encodeAny(item)}`).join(',')}}`
  }
  return encode(value as Json)
}

/** Go's nil slice is `null`, an empty answer of the original too. */
export function listOrNull(items: readonly Json[]): Json {
  return items.length === 0 ? null : items
}

function encodeFields(entries: readonly (readonly [string, Json])[]): string {
  return `{${entries.map(([key, item]) => `${encodeString(key)}:${encode(item)}`).join(',')}}`
}

function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

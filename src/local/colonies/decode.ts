/**
 * Decodes messages as Go's encoding/json does: field names in any case (the last one counts), unknown fields ignored,
 * missing or `null` fields become the zero value, a wrong JSON type is refused with 400. Integers must be plain tokens.
 */

import { malformed } from './refusal.ts'

/** A number whose token matters: with point, exponent or more digits than a double keeps. */
class NumberToken {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/** A decoder gets `undefined` for a missing field. */
export type Decoder<T> = (value: unknown, path: string) => T
export type Decoded<D> = D extends Decoder<infer T> ? T : never
export type Message = Readonly<Record<string, unknown>>

const plainInteger = /^-?\d+$/
const needsTokens = /\d[.eE]|\d{16}/
const maxInt64 = 2n ** 63n - 1n

/** Parses message text. Throws 400 when it is not JSON. */
export function parseMessage(text: string): unknown {
  try {
    if (!needsTokens.test(text)) return JSON.parse(text)
    return JSON.parse(text, keepTokens)
  } catch {
    throw malformed('the message is not valid JSON')
  }
}

function keepTokens(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  return Number.isSafeInteger(value) && plainInteger.test(source) ? value : new NumberToken(source)
}

function wrongType(path: string, expected: string): never {
  throw malformed(`field ${path} must be ${expected}`)
}

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null

export const text: Decoder<string> = (value, path) => {
  if (isAbsent(value)) return ''
  return typeof value === 'string' ? value.toWellFormed() : wrongType(path, 'a string')
}

export const flag: Decoder<boolean> = (value, path) => {
  if (isAbsent(value)) return false
  return typeof value === 'boolean' ? value : wrongType(path, 'true or false')
}

/** A 64-bit integer, exact. */
export const int64: Decoder<bigint> = (value, path) => {
  if (isAbsent(value)) return 0n
  const source =
    value instanceof NumberToken ? value.source : typeof value === 'number' && !Number.isNaN(value) ? String(value) : ''
  if (!plainInteger.test(source)) return wrongType(path, 'an integer')
  const integer = BigInt(source)
  return integer > maxInt64 || integer < -maxInt64 - 1n ? wrongType(path, 'a 64-bit integer') : integer
}

/** An integer as a number; beyond 2^53 it loses digits, which no field decoded with it uses. */
export const integer: Decoder<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : Number(int64(value, path))

export const float: Decoder<number> = (value, path) => {
  if (isAbsent(value)) return 0
  return (
    Number(anything(value, path)) +
    (typeof value === 'number' || value instanceof NumberToken ? 0 : wrongType(path, 'a number'))
  )
}

/** Whatever JSON a client sends: numbers become doubles, lone surrogates U+FFFD. */
export const anything: Decoder<unknown> = (value, path) => {
  if (value === undefined) return null
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (value instanceof NumberToken) {
    const double = Number(value.source)
    return Number.isFinite(double) ? double : wrongType(path, 'a number that fits a double')
  }
  if (Array.isArray(value)) return value.map((item) => anything(item, path))
  if (typeof value === 'object' && value !== null) return objectOf(anything)(value, path)
  return value
}

/** A slice: `null` stays `null`. */
export function listOf<T>(item: Decoder<T>): Decoder<readonly T[] | null> {
  return (value, path) => {
    if (isAbsent(value)) return null
    return Array.isArray(value) ? value.map((entry) => item(entry, `${path}[]`)) : wrongType(path, 'an array')
  }
}

/** A map with string keys: `null` becomes an empty one. */
export function objectOf<T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (isAbsent(value)) return {}
    if (!isPlainObject(value)) return wrongType(path, 'an object')
    const entries = Object.entries(value).map(([key, entry]) => [key.toWellFormed(), item(entry, `${path}.${key}`)])
    return Object.fromEntries(entries)
  }
}

/** A struct by value: missing means all fields zero. */
export function struct<F extends Readonly<Record<string, Decoder<unknown>>>>(
  fields: F,
): Decoder<{ readonly [K in keyof F]: Decoded<F[K]> }> {
  const names = Object.keys(fields)
  return (value, path) => {
    if (!isAbsent(value) && !isPlainObject(value)) return wrongType(path === '' ? 'message' : path, 'an object')
    const given: Record<string, unknown> = {}
    for (const [key, entry] of Object.entries(value ?? {})) {
      const name = Object.hasOwn(fields, key) ? key : foldedName(names, key)
      if (name !== undefined) given[name] = entry
    }
    const decoded = names.map((name) => [name, fields[name]?.(given[name], path === '' ? name : `${path}.${name}`)])
    return Object.fromEntries(decoded) as { readonly [K in keyof F]: Decoded<F[K]> }
  }
}

/** A struct by pointer: missing or `null` gives `null`. */
export function pointer<T>(inner: Decoder<T>): Decoder<T | null> {
  return (value, path) => (isAbsent(value) ? null : inner(value, path))
}

/** Decodes a whole message with the fields given. */
export function decode<T>(decoder: Decoder<T>, message: Message): T {
  return decoder(message, '')
}

function foldedName(names: readonly string[], key: string): string | undefined {
  const folded = key.toLowerCase()
  return names.find((name) => name.toLowerCase() === folded)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberToken)
}

/**
 * JSON without loss of integers. The protocol has nanosecond integers beyond 2^53 as plain tokens, which
 * `JSON.parse` rounds and which the server refuses as strings or exponents.
 */

export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

interface ParseContext {
  readonly source?: string
}
type Reviver = (key: string, value: unknown, context?: ParseContext) => unknown

interface ExactJson {
  parse(text: string, reviver: Reviver): JsonValue
  rawJSON(text: string): unknown
}

// The type library of the language level in use does not know these two yet; the runtime does.
const exactJson = JSON as unknown as ExactJson

const INTEGER_PATTERN = /^-?\d+$/
const LONG_DIGITS_PATTERN = /\d{16}/

const reviveInteger: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  // A number that prints as the token it was read from stands for it; only what would change becomes a bigint.
  if (source === undefined || String(value) === source || !INTEGER_PATTERN.test(source)) return value
  return BigInt(source)
}

/**
 * Parses JSON; an integer token that a number cannot carry to the last digit becomes a bigint.
 * @throws SyntaxError
 */
export const parseExactJson = (text: string): JsonValue =>
  LONG_DIGITS_PATTERN.test(text) ? exactJson.parse(text, reviveInteger) : (JSON.parse(text) as JsonValue)

/** Writes JSON; a bigint becomes an integer token. */
export const stringifyExactJson = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'bigint' ? exactJson.rawJSON(entry.toString()) : entry,
  )

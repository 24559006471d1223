import type { SecurityEvent } from './event.ts'
import type { Pseudonymiser } from './pseudonym.ts'
import { scrubText } from './scrub-text.ts'

type Data = NonNullable<SecurityEvent['data']>
type Value = Data[string]

const deepest = 3
const mostMembers = 32
const longestChars = 4096
/** One word, id, address or time. Whole sentences are nothing to count by and may name somebody. */
const word = /^[\p{L}\p{N}._:/+#@-]{1,128}$/u
const personalName =
  /e-?mail|phone|mobile|password|passwd|secret|token|authorization|cookie|jwt|card|iban|ssn|name$|address$/i

/**
 * The free part of an event without what must not be kept: members that by their name hold something personal or secret
 * and texts that look like it are hashed, so are texts of several words. Undefined where it is too large.
 */
export function scrubData(data: Readonly<Record<string, unknown>>, pseudonyms: Pseudonymiser): Data | undefined {
  const scrubbed = scrubObject(data, pseudonyms, 0)
  return JSON.stringify(scrubbed).length > longestChars ? undefined : scrubbed
}

function scrubObject(object: Readonly<Record<string, unknown>>, pseudonyms: Pseudonymiser, depth: number): Data {
  const entries = Object.entries(object).slice(0, mostMembers)
  return Object.fromEntries(
    entries
      .filter(([name]) => name !== '__proto__')
      .map(([name, value]) => [
        scrubText(name.slice(0, 64), pseudonyms),
        personalName.test(name) && value !== null && typeof value !== 'boolean'
          ? pseudonyms.of('text', JSON.stringify(value))
          : scrubValue(value, pseudonyms, depth),
      ]),
  )
}

function scrubValue(value: unknown, pseudonyms: Pseudonymiser, depth: number): Value {
  if (typeof value === 'string') {
    return word.test(value) ? scrubText(value, pseudonyms) : pseudonyms.of('text', value)
  }
  if (typeof value === 'number') return scrubText(String(value), pseudonyms) === String(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  if (depth >= deepest || typeof value !== 'object') return null
  if (Array.isArray(value)) {
    return value.slice(0, mostMembers).map((member) => scrubValue(member, pseudonyms, depth + 1))
  }
  return scrubObject(value as Record<string, unknown>, pseudonyms, depth + 1)
}

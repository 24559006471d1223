/** Looks into JSON that a stranger sent: only own members, nothing is trusted, nothing throws. */

const longestWord = 64

/** An object; of a list with objects, as some log stores nest them, the first. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value
  return typeof one === 'object' && one !== null && !Array.isArray(one) ? (one as Record<string, unknown>) : undefined
}

/** The member at a path of names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value
  for (const name of path) {
    const object = objectOf(here)
    if (object === undefined || !Object.hasOwn(object, name)) return undefined
    here = object[name]
  }
  return Array.isArray(here) && here.length === 1 ? here[0] : here
}

/** Text (numbers are written out), trimmed and not empty. What is longer than `most` is no such text. */
export function textAt(value: unknown, path: readonly string[], most: number = longestWord): string | undefined {
  const found = at(value, ...path)
  const text = typeof found === 'number' && Number.isFinite(found) ? String(found) : found
  if (typeof text !== 'string') return undefined
  const trimmed = text.trim()
  return trimmed === '' || trimmed.length > most || trimmed.includes('\u0000') ? undefined : trimmed.toWellFormed()
}

/** A finite number between two bounds, also written as text. */
export function numberAt(value: unknown, path: readonly string[], least: number, most: number): number | undefined {
  const found = at(value, ...path)
  const number = typeof found === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(found.trim()) ? Number(found) : found
  return typeof number === 'number' && Number.isFinite(number) && number >= least && number <= most ? number : undefined
}

/** The same, whole. */
export function integerAt(value: unknown, path: readonly string[], least: number, most: number): number | undefined {
  const number = numberAt(value, path, least, most)
  return number !== undefined && Number.isInteger(number) ? number : undefined
}

/** Milliseconds since 1970 of RFC 3339 text, or of a number of seconds, milli-, micro- or nanoseconds by its size. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    const text = value.trim()
    if (/^\d{9,19}$/.test(text)) return timeOf(Number(text))
    const withZone = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?$/.test(text) ? `${text}Z` : text
    if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)$/.test(withZone)) return undefined
    const ms = Date.parse(withZone.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1'))
    return Number.isFinite(ms) && ms >= 0 ? ms : undefined
  }
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined
  if (value >= 1e17) return Math.floor(value / 1e6)
  if (value >= 1e14) return Math.floor(value / 1e3)
  return value >= 1e11 ? Math.floor(value) : Math.floor(value * 1e3)
}

/** An object without its undefined members: an event says nothing about what it does not know. */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** Text that is JSON for an object, parsed. */
export function parsedObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined || !text.startsWith('{')) return undefined
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

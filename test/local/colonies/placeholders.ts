/** Placeholders of the transcripts: what they stand for, how a message is built with them. */

export type Binding = string | bigint

/** Values bound so far. A time is bound as microseconds since 1970, nanoseconds as bigint, an id as text. */
export type Bindings = Map<string, Binding>

export const timePattern = /^\$(time\d+)(?:([+-]\d+)s)?$/
export const nsPattern = /^\$ns\d+$/
/** Ids, also inside longer texts. */
export const idPattern = /\$(?:process\d+|process_\w+|graph\d+|cron\d+|generator\d+|function\d+|attribute_\w+?_\d+)/g

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What an object such as `{"$repeat": ...}` stands for; the value itself for everything else. */
export function expand(value: unknown): unknown {
  if (!isObject(value)) return value
  const repeat = value['$repeat']
  if (!isObject(repeat)) return value
  return String(repeat['text']).repeat(Number(repeat['count']))
}

/** The JSON text of a request, with the bound values put in. Throws on a placeholder that is not bound. */
export function requestText(value: unknown, bindings: Bindings): string {
  const plain = expand(value)
  if (typeof plain === 'string') return stringText(plain, bindings)
  if (Array.isArray(plain)) return `[${plain.map((item) => requestText(item, bindings)).join(',')}]`
  if (!isObject(plain)) return JSON.stringify(plain)
  if (typeof plain['$raw'] === 'string') return plain['$raw']
  if (typeof plain['$int'] === 'string') return plain['$int']
  if (typeof plain['$upper'] === 'string') return JSON.stringify(String(bound(plain['$upper'], bindings)).toUpperCase())
  const fields = Object.entries(plain).map(([key, item]) => `${JSON.stringify(key)}:${requestText(item, bindings)}`)
  return `{${fields.join(',')}}`
}

function stringText(text: string, bindings: Bindings): string {
  if (nsPattern.test(text)) return String(bound(text, bindings))
  return JSON.stringify(text.replace(idPattern, (name) => String(bound(name, bindings))))
}

function bound(name: string, bindings: Bindings): Binding {
  const value = bindings.get(name)
  if (value === undefined) throw new Error(`placeholder ${name} is used before it was bound`)
  return value
}

/** Parses a reply; integers beyond 2^53 become bigint. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined) return value
    return /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? BigInt(source) : value
  })
}

/** Microseconds since 1970 of an RFC 3339 time, or undefined. */
export function parseTimeUs(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (found === null) return undefined
  const seconds = Date.parse(`${found[1]}${found[3]}`) / 1000
  return seconds * 1_000_000 + Number((found[2] ?? '').padEnd(6, '0').slice(0, 6))
}

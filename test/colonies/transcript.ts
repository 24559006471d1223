/** Reads the recorded transcripts and their raw bodies. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../contract/colonies')

export interface Step {
  readonly step: number
  readonly kind: string
  readonly role?: string
  readonly msgtype?: string
  readonly payloadtype?: string
  readonly request?: Readonly<Record<string, unknown>>
  readonly signature?: string
  readonly body?: string
  readonly unsigned?: boolean
  readonly pending?: boolean
  readonly to?: number
  readonly httpStatus?: number
  readonly reply?: { readonly payloadtype: string; readonly error: boolean; readonly payload: unknown } | null
  readonly socket?: string
  readonly frame?: 'text' | 'binary'
  readonly code?: number
}

export interface Transcript {
  readonly scenario: string
  readonly roles: Readonly<Record<string, { readonly prvkey: string; readonly id: string }>>
  readonly steps: readonly Step[]
}

/** A body as sent or received; undefined where the recording left out a large one. */
export interface Exchange {
  readonly step: number
  readonly request: string | undefined
  readonly status: number | undefined
  readonly reply: string | undefined
  readonly frame: string | undefined
}

export const readJson = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'))

export const scenarios: readonly string[] = readdirSync(join(folder, 'transcripts'))
  .map((file) => file.replace(/\.json$/, ''))
  .sort()

export const readTranscript = (scenario: string): Transcript => readJson(`transcripts/${scenario}.json`) as Transcript

const textOrNothing = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const readExchanges = (scenario: string): ReadonlyMap<number, Exchange> => {
  const { exchanges } = readJson(`raw/${scenario}.json`) as { exchanges: Record<string, unknown>[] }
  return new Map(
    exchanges.map((exchange) => [
      Number(exchange['step']),
      {
        step: Number(exchange['step']),
        request: textOrNothing(exchange['request']),
        status: exchange['status'] === undefined ? undefined : Number(exchange['status']),
        reply: textOrNothing(exchange['reply']),
        frame: textOrNothing(exchange['frame']),
      },
    ]),
  )
}

const rawJson = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const childOf = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

/** Values for placeholders whose recorded value was left out with its large body. */
const inventText = (text: string): unknown => {
  if (/^\$ns\d+$/.test(text)) return 1_795_000_000_123_456_789n
  if (text === '$float') return 0.5
  if (text.startsWith('$time')) return '2026-11-22T21:00:28.095052Z'
  return text.replaceAll(/\$[a-z]+[A-Za-z0-9_]*/g, 'ab'.repeat(32))
}

/**
 * The value that stood on the wire for a recorded one. Literals come from the transcript, placeholders from the
 * `actual` value at the same place.
 */
export const materialise = (recorded: unknown, actual: unknown): unknown => {
  if (typeof recorded === 'string' && recorded.includes('$')) {
    return actual === undefined ? inventText(recorded) : actual
  }
  if (Array.isArray(recorded)) return recorded.map((item, index) => materialise(item, childOf(actual, index)))
  if (!isRecord(recorded)) return recorded
  const { $int, $raw, $repeat, $upper } = recorded
  if (typeof $int === 'string') return BigInt($int)
  if (typeof $raw === 'string') return rawJson($raw)
  if (isRecord($repeat)) return String($repeat['text']).repeat(Number($repeat['count']))
  if (typeof $upper === 'string') return actual
  return Object.fromEntries(
    Object.entries(recorded).map(([key, item]) => [key, materialise(item, childOf(actual, key))]),
  )
}

/** Building blocks of the reply schemas: what the server writes, and what we make of it. */

import { z } from 'zod'
import type { JsonObject, JsonValue } from '../exact-json.ts'

const TIME_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/
const FIRST_SET_YEAR = 1970

/**
 * A time as RFC 3339 text, exactly as the server wrote it: a Date would drop the microseconds by which assignments are
 * told apart. The server's zero time depends on its zone (year 0000 or 0001), so any year before 1970 is unset: null.
 */
export const time = z
  .string()
  .regex(TIME_PATTERN)
  .nullish()
  .transform((text) => (text == null || Number(text.slice(0, 4)) < FIRST_SET_YEAR ? null : text))

/** A 64-bit integer, such as nanoseconds since 1970. A number in it was read without loss, so its text is exact. */
export const int64 = z.union([z.number(), z.bigint()]).transform((value, context) => {
  try {
    return BigInt(String(value))
  } catch {
    context.addIssue({ code: 'custom', message: 'expected an integer' })
    return z.NEVER
  }
})

/** An integer that is small in practice and kept exactly when it is not. */
export const wideInteger = z.union([z.int(), z.bigint()])

/** A list; the server writes null for an empty one and sometimes leaves it out. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? [])

/** Text that may be absent. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? '')

/** Any JSON value, passed through untouched. */
export const json = z.custom<JsonValue>((value) => value !== undefined)

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON object, passed through untouched; null becomes an empty one. */
export const jsonObject = z
  .custom<JsonObject | null | undefined>((value) => value == null || isObject(value))
  .transform((value): JsonObject => value ?? {})

/** An object whose values are texts. */
export const textMap = z
  .custom<Readonly<Record<string, string>> | null | undefined>(
    (value) => value == null || (isObject(value) && Object.values(value).every((text) => typeof text === 'string')),
  )
  .transform((value): Readonly<Record<string, string>> => value ?? {})

/** The reply of a call that answers nothing. */
export const nothing = z.unknown().transform((): undefined => undefined)

export const gpu = z.object({ name: z.string(), mem: z.string(), count: z.int(), nodecount: z.int() })

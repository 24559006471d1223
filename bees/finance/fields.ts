import { TerminalError, z } from '../../src/bee/index.ts'

/**
 * How members of Stripe's objects are read: by what is there, never by the version. A member that is missing, null or
 * of an unexpected kind reads as null, unless the event makes no sense without it.
 */

/** The id of an object that is given as an id or in full. */
export const reference = z
  .union([z.string(), z.looseObject({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .transform((id) => (id ? storable(id) : null))
  .catch(null)

/** An id that must be there. */
export const id = z.string().min(1).max(255)

/** A reference that must be there. */
export const requiredReference = z.union([id, z.looseObject({ id }).transform((object) => object.id)])

/** The customer of an object that is given in full where an id is usual; null for an id. */
export const customerInside = z
  .looseObject({ customer: reference })
  .nullish()
  .transform((object) => object?.customer ?? null)
  .catch(null)

/** What Stripe enumerates is text too: it adds values without asking, and each passes as it is. */
export const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : storable(value)))
  .catch(null)

export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
  .catch(false)

/** Whether the member is there with anything in it. */
export const presence = z
  .unknown()
  .optional()
  .transform((value) => value !== undefined && value !== null)

/**
 * An amount in minor units, or a count. Not forgiving: a number that JavaScript has already rounded (beyond 2^53), or
 * one with a fraction, must not become a wrong amount in the books.
 */
export const integer = z
  .int()
  .nullish()
  .transform((value) => value ?? null)

/** Seconds since 1970 as RFC 3339. */
export const time = z
  .int()
  .min(0)
  .max(253_402_300_799)
  .nullish()
  .transform((seconds) => (typeof seconds === 'number' ? rfc3339(seconds) : null))
  .catch(null)

/** A list in Stripe's envelope, with whether it is all there is. */
export const list = <Item extends z.ZodType>(item: Item) =>
  z
    .looseObject({ data: z.array(item), has_more: flag })
    .transform(({ data, has_more }) => ({ data, complete: !has_more }))

export const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString()

/**
 * @throws TerminalError that names the members that cannot be read, never their values
 */
export function read<Schema extends z.ZodType>(schema: Schema, object: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(object)
  if (parsed.success) return parsed.data
  const members = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the object itself'))]
  throw new TerminalError(`${what}: cannot read ${members.slice(0, 5).join(', ')}`)
}

/** As the webhook does it to events, so that an object read from Stripe's API says the same: no jsonb takes these. */
const storable = (value: string): string => value.toWellFormed().replaceAll('\u0000', '\uFFFD')

import { z } from 'zod'
import type { Json } from '../../canonical.ts'
import { BeeError } from '../../errors.ts'
import { cleanJson } from './clean-json.ts'
import { twinTypeOf } from './event-types.ts'
import type { SnapshotInput, StripeEventInput, ThinInput } from './types.ts'

const eventId = z.string().regex(/^evt_\w{1,200}$/)
const account = z
  .string()
  .regex(/^acct_\w{1,200}$/)
  .nullish()

/** Lenient about everything that we do not need, strict about what becomes part of a key. */
const snapshotSchema = z.object({
  id: eventId,
  object: z.literal('event'),
  type: z.string().regex(/^[\w.]{1,200}$/),
  created: z.int().nonnegative(),
  livemode: z.boolean(),
  account,
  api_version: z.string().max(100).nullish(),
  data: z.looseObject({ object: z.looseObject({}) }),
})

const anyThinSchema = z.object({
  id: eventId,
  object: z.literal('v2.core.event'),
  type: z.string().regex(/^v\d+\.[\w.]{1,200}$/),
  created: z.iso.datetime({ offset: true }),
  livemode: z.boolean(),
})

/** Of an event about an object that a snapshot could tell of as well. */
const twinSchema = anyThinSchema.extend({
  /** Only a connected account of ours: a longer path would be read with another account's eyes. */
  context: account,
  snapshot_event: eventId.nullish(),
  // The id becomes part of a path. Objects without one exist (the balance); nobody handles those types.
  related_object: z
    .object({ id: z.string().regex(/^\w{1,255}$/), type: z.string().max(100) })
    .nullish()
    .catch(null),
})

/**
 * The event in a verified body, snapshot or thin, reduced to what is the same in every delivery of it.
 *
 * @param personalData whether names, addresses, e-mail and phone numbers stay in it
 * @throws BeeError BEE_WEBHOOK_MALFORMED; the message names members, never their values
 */
export function parseEvent(body: string, personalData: 'drop' | 'keep'): StripeEventInput['event'] {
  const value = parseJson(body)
  if (Array.isArray(value)) throw malformed('a list')
  if (!isObject(value)) throw malformed(value === null ? 'null' : `a ${typeof value}`)
  return value['object'] === 'v2.core.event' ? parseThin(value) : parseSnapshot(value, personalData)
}

function parseSnapshot(value: unknown, personalData: 'drop' | 'keep'): SnapshotInput {
  const { id, type, created, livemode, account, api_version, data } = checked(snapshotSchema, value)
  return {
    id,
    type,
    created,
    livemode,
    ...(account ? { account } : {}),
    api_version: api_version ?? null,
    data: cleanJson(data as Json, personalData === 'drop') as SnapshotInput['data'],
  }
}

/** What has changed (`changes`) is left out: the object is read from Stripe. */
function parseThin(value: unknown): ThinInput {
  const { id, object, type, created, livemode } = checked(anyThinSchema, value)
  const common = { id, object, type, created, livemode }
  if (twinTypeOf(type) === undefined) return common
  const { context, snapshot_event, related_object } = checked(twinSchema, value)
  return {
    ...common,
    ...(context ? { account: context } : {}),
    ...(snapshot_event ? { snapshot_event } : {}),
    ...(related_object ? { related_object } : {}),
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const members = [...new Set(parsed.error.issues.map((issue) => issue.path.slice(0, 2).join('.')))]
  throw new BeeError('BEE_WEBHOOK_MALFORMED', `Not a Stripe event; look at: ${members.join(', ')}.`)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // The parser's message quotes the text, so it is not passed on.
    throw new BeeError('BEE_WEBHOOK_MALFORMED', 'The signed body is not JSON.')
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const malformed = (received: string): BeeError =>
  new BeeError('BEE_WEBHOOK_MALFORMED', `Expected a Stripe event, received ${received}.`)

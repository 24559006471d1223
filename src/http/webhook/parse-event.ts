import { z } from 'zod'
import type { Json } from '../../canonical.ts'
import { BeeError } from '../../errors.ts'
import { cleanJson } from './clean-json.ts'
import type { StripeEventInput } from './types.ts'

/** Lenient about everything that we do not need, strict about what becomes part of a key. */
const eventSchema = z.object({
  id: z.string().regex(/^evt_\w{1,250}$/),
  object: z.literal('event'),
  type: z.string().regex(/^[\w.]{1,200}$/),
  created: z.int().nonnegative(),
  livemode: z.boolean(),
  account: z
    .string()
    .regex(/^acct_\w{1,250}$/)
    .nullish(),
  api_version: z.string().max(100).nullish(),
  data: z.looseObject({ object: z.looseObject({}) }),
})

/**
 * The event in a verified body, reduced to what is the same in every delivery of it.
 *
 * @param personalData whether names, addresses, e-mail and phone numbers stay in it
 * @throws BeeError BEE_WEBHOOK_MALFORMED, BEE_WEBHOOK_THIN; the message names members, never their values
 */
export function parseEvent(body: string, personalData: 'drop' | 'keep'): StripeEventInput['event'] {
  const value = parseJson(body)
  if (Array.isArray(value)) throw malformed('a list')
  if (!isObject(value)) throw malformed(value === null ? 'null' : `a ${typeof value}`)
  if (value['object'] === 'v2.core.event') throw new BeeError('BEE_WEBHOOK_THIN')
  const parsed = eventSchema.safeParse(value)
  if (!parsed.success) {
    const members = [...new Set(parsed.error.issues.map((issue) => issue.path.slice(0, 2).join('.')))]
    throw new BeeError('BEE_WEBHOOK_MALFORMED', `Not a Stripe event; look at: ${members.join(', ')}.`)
  }
  const { id, type, created, livemode, account, api_version: apiVersion, data } = parsed.data
  return {
    id,
    type,
    created,
    livemode,
    ...(account ? { account } : {}),
    api_version: apiVersion ?? null,
    data: cleanJson(data as Json, personalData === 'drop') as StripeEventInput['event']['data'],
  }
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

import { z } from '../../../src/bee/index.ts'
import type { Kind } from '../facts.ts'
import type { CallStripe, StripeAnswer } from './call-stripe.ts'
import { type ReadOptions, type StripeObject, StripeReadError } from './reader.ts'

/** The lists inside of objects that Stripe cuts off, and where the rest of them is. */
const lists: Readonly<Partial<Record<Kind, { readonly member: string; readonly path: string; readonly by: string }>>> =
  {
    charge: { member: 'refunds', path: '/v1/refunds', by: 'charge' },
    invoice: { member: 'payments', path: '/v1/invoice_payments', by: 'invoice' },
    subscription: { member: 'items', path: '/v1/subscription_items', by: 'subscription' },
  }

const mostPages = 20
const list = z.looseObject({ data: z.array(z.looseObject({ id: z.string().min(1) })), has_more: z.boolean() })

export interface Whole {
  readonly object: Readonly<Record<string, unknown>>
  /** Stripe's clock at the last answer; that of the object where nothing was missing. */
  readonly dateS: number
}

/**
 * The object with the rest of a list that Stripe has cut off. Its parts are not of one moment: all lie between the first
 * request and the last answer, so the caller's duration must cover both, and the last answer's date belongs to it.
 *
 * @throws StripeReadError also when the list changed so that its end cannot be found
 */
export async function wholeObject(
  asked: StripeObject,
  first: StripeAnswer & { readonly object: Readonly<Record<string, unknown>> },
  call: CallStripe,
  optionsNow: () => ReadOptions,
): Promise<Whole> {
  const { account, livemode, kind, object: id } = asked
  const rest = lists[kind]
  const shown = rest === undefined ? undefined : list.safeParse(first.object[rest.member])
  if (rest === undefined || shown === undefined || !shown.success || !shown.data.has_more) return first
  let { data } = shown.data
  let { dateS } = first
  for (let page = 0, more = true; more; page += 1) {
    const last = data.at(-1)
    if (page === mostPages || last === undefined) throw new StripeReadError('unavailable', 'a list has no end')
    const query = new URLSearchParams({ [rest.by]: id, limit: '100', starting_after: last.id })
    const answer = await call({ path: `${rest.path}?${query}`, account, livemode }, optionsNow())
    const parsed = list.safeParse(answer.object)
    if (!parsed.success) throw new StripeReadError('unavailable', 'a list changed while it was read')
    data = [...data, ...parsed.data.data]
    more = parsed.data.has_more
    dateS = answer.dateS
  }
  return { object: { ...first.object, [rest.member]: { ...shown.data, data, has_more: false } }, dateS }
}

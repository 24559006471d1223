import type { Model } from '../models.ts'
import type { Kind } from '../types.ts'
import type { Query } from './query.ts'

type Keep<K extends Kind> = (object: Model[K]) => boolean

/** A member must be what a parameter says, when that is given. */
const same = <K extends Kind>(query: Query, parameters: Readonly<Record<string, keyof Model[K]>>): Keep<K> => {
  const wanted = Object.entries(parameters).map(([parameter, member]) => ({ value: query.text(parameter), member }))
  return (object) => wanted.every(({ value, member }) => value === undefined || object[member] === value)
}

/** What a list of each kind shows, by Stripe's filters. Deleted objects are in no list. */
export const filters: { readonly [K in Kind]: (query: Query) => Keep<K> } = {
  customer: () => (one) => !one.deleted,
  checkout_session: (query) =>
    same(query, {
      customer: 'customer',
      payment_intent: 'paymentIntent',
      subscription: 'subscription',
      status: 'status',
    }),
  subscription: (query) => {
    const status = query.text('status')
    const price = query.text('price')
    const keep = same<'subscription'>(query, { customer: 'customer' })
    return (one) =>
      keep(one) &&
      inStatus(one.status, status) &&
      (price === undefined || one.items.some((item) => item.price.id === price))
  },
  invoice: (query) => {
    const keep = same<'invoice'>(query, { customer: 'customer', subscription: 'subscription', status: 'status' })
    return (one) => keep(one) && !one.deleted
  },
  invoice_payment: (query) => {
    query.text('payment[type]')
    return same(query, { invoice: 'invoice', status: 'status', 'payment[payment_intent]': 'paymentIntent' })
  },
  payment_intent: (query) => same(query, { customer: 'customer' }),
  charge: (query) => same(query, { customer: 'customer', payment_intent: 'paymentIntent' }),
  refund: (query) => same(query, { charge: 'charge', payment_intent: 'paymentIntent' }),
  dispute: (query) => same(query, { charge: 'charge', payment_intent: 'paymentIntent' }),
  credit_note: (query) => same(query, { customer: 'customer', invoice: 'invoice' }),
}

/** Without the parameter: all that are not canceled. */
function inStatus(status: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return status !== 'canceled'
  if (wanted === 'all') return true
  return wanted === 'ended' ? status === 'canceled' || status === 'incomplete_expired' : status === wanted
}

/** One page of a list that is the newest first. */
export function page<T extends { readonly id: string }>(
  all: readonly T[],
  {
    limit,
    after,
    before,
  }: { readonly limit: number; readonly after?: string | undefined; readonly before?: string | undefined },
): { readonly data: readonly T[]; readonly has_more: boolean } | undefined {
  if (before !== undefined) {
    const end = all.findIndex(({ id }) => id === before)
    if (end === -1) return undefined
    return { data: all.slice(Math.max(0, end - limit), end), has_more: end > limit }
  }
  const found = after === undefined ? -1 : all.findIndex(({ id }) => id === after)
  if (after !== undefined && found === -1) return undefined
  return { data: all.slice(found + 1, found + 1 + limit), has_more: all.length > found + 1 + limit }
}

import { z } from '../../src/bee/index.ts'
import type { ItemFact, SubscriptionFact, Told } from './facts.ts'
import { flag, id, integer, list, read, reference, requiredReference, text, time } from './fields.ts'

/** What an item costs; called `plan` before prices existed, with the amount under another name. */
const price = z.looseObject({
  id: text,
  product: reference,
  lookup_key: text,
  unit_amount: integer,
  amount: integer,
  currency: text,
})

const item = z.looseObject({
  id,
  price: price.nullish(),
  plan: price.nullish(),
  quantity: integer,
  current_period_start: time,
  current_period_end: time,
})

const subscription = z.looseObject({
  id,
  customer: requiredReference,
  status: text,
  currency: text,
  cancel_at_period_end: flag,
  cancel_at: time,
  canceled_at: time,
  ended_at: time,
  trial_end: time,
  pause_collection: z.unknown().optional(),
  latest_invoice: reference,
  // Until basil the periods were here, since then each item has its own.
  current_period_start: time,
  current_period_end: time,
  items: list(item),
})

/** A subscription as `customer.subscription.*` carries it. */
export function subscriptionTold(object: unknown, deleted: boolean): Told {
  const from = read(subscription, object, 'subscription')
  const items = from.items.data.map((one): ItemFact => {
    const cost = one.price ?? one.plan
    return {
      id: one.id,
      price: cost?.id ?? null,
      product: cost?.product ?? null,
      lookup_key: cost?.lookup_key ?? null,
      quantity: one.quantity,
      unit_amount: cost?.unit_amount ?? cost?.amount ?? null,
      currency: cost?.currency ?? from.currency,
      period_start: one.current_period_start ?? from.current_period_start,
      period_end: one.current_period_end ?? from.current_period_end,
    }
  })
  const fact: SubscriptionFact = {
    id: from.id,
    status: from.status,
    deleted,
    currency: from.currency,
    cancel_at_period_end: from.cancel_at_period_end,
    cancel_at: from.cancel_at,
    canceled_at: from.canceled_at,
    ended_at: from.ended_at,
    trial_end: from.trial_end,
    collection_paused: from.pause_collection !== undefined && from.pause_collection !== null,
    latest_invoice: from.latest_invoice,
    items,
    items_complete: from.items.complete,
  }
  return { kind: 'subscription', customer: from.customer, fact }
}

import { z } from '../../../src/bee/index.ts'
import type { ItemFact, SubscriptionFact, Told } from '../facts.ts'
import { flag, id, integer, list, presence, read, reference, requiredReference, text, time } from '../fields.ts'

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
  created: time,
  customer: requiredReference,
  status: text,
  currency: text,
  cancel_at_period_end: flag,
  cancel_at: time,
  canceled_at: time,
  ended_at: time,
  trial_end: time,
  pause_collection: presence,
  pending_update: presence,
  latest_invoice: reference,
  test_clock: reference,
  // Until basil the periods were here, since then each item has its own.
  current_period_start: time,
  current_period_end: time,
  items: list(item).nullish(),
})

const endings: readonly (string | null)[] = ['canceled', 'incomplete_expired']

/** A subscription with its items. Deleted ones are canceled, whatever else their last event shows. */
export function subscriptionTold(object: unknown, deleted = false): readonly Told[] {
  const from = read(subscription, object, 'subscription')
  const items = (from.items?.data ?? []).map((one): ItemFact => {
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
    made_at: from.created,
    status: deleted && !endings.includes(from.status) ? 'canceled' : from.status,
    currency: from.currency,
    cancel_at_period_end: from.cancel_at_period_end,
    cancel_at: from.cancel_at,
    canceled_at: from.canceled_at,
    ended_at: from.ended_at,
    trial_end: from.trial_end,
    collection_paused: from.pause_collection,
    update_pending: from.pending_update,
    latest_invoice: from.latest_invoice,
    // Stripe's order may change from answer to answer; equal subscriptions must read equal.
    items: items.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  }
  const whole = from.status !== null && from.items?.complete === true
  return [{ kind: 'subscription', customer: from.customer, must_read: !whole || from.test_clock !== null, fact }]
}

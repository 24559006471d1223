import type Stripe from 'stripe'
import type { Item, Subscription } from '../models.ts'
import type { StripeJson } from '../types.ts'
import { embeddedList, type Frame, reference } from './frame.ts'
import { planJson, priceJson } from './price.ts'
import type { Wire } from './wire.ts'

/** As many items as the object itself shows; the rest is to be listed. */
const shownItems = 10

export function subscriptionJson(subscription: Subscription, frame: Frame): StripeJson {
  const { id, livemode, startS, items } = subscription
  const shown = (item: Item) => itemJson(item, subscription, frame.shape)
  const json = {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: startS,
    billing_cycle_anchor_config: null,
    billing_mode: { type: 'flexible', flexible: null },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: subscription.cancelAtS,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    canceled_at: subscription.canceledAtS,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: subscription.createdS,
    currency: subscription.currency,
    customer: reference(frame, 'customer', subscription.customer, 'customer'),
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: subscription.endedAtS,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: embeddedList(`/v1/subscription_items?subscription=${id}`, items.map(shown), shownItems) as unknown as Wire<
      Stripe.ApiList<Stripe.SubscriptionItem>
    >,
    latest_invoice: reference(frame, 'invoice', subscription.latestInvoice, 'latest_invoice'),
    livemode,
    managed_payments: null,
    metadata: {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection:
      subscription.pauseCollection === null ? null : { behavior: subscription.pauseCollection, resumes_at: null },
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update:
      subscription.pendingUpdate === null
        ? null
        : {
            billing_cycle_anchor: null,
            cancel_at_period_end: null,
            discount: null,
            discounts: null,
            expires_at: subscription.pendingUpdate.expiresS,
            metadata: null,
            subscription_items: subscription.pendingUpdate.items.map(shown) as unknown as Wire<
              Stripe.SubscriptionItem[]
            >,
            trial_end: null,
            trial_from_plan: null,
          },
    schedule: null,
    start_date: startS,
    status: subscription.status,
    test_clock: subscription.testClock,
    transfer_data: null,
    trial_end: subscription.trialEndS,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'pause' } },
    trial_start: subscription.trialStartS,
  } satisfies Wire<Stripe.Subscription>
  if (frame.shape === 'basil') return json
  const {
    discounts: _discounts,
    billing_mode: _mode,
    billing_schedules: _schedules,
    managed_payments: _managed,
    ...old
  } = json
  const [first] = items
  return {
    ...old,
    current_period_start: first?.periodStartS ?? startS,
    current_period_end: first?.periodEndS ?? startS,
    discount: null,
    plan: items.length === 1 && first !== undefined ? planJson(first.price, livemode) : null,
    quantity: items.length === 1 ? (first?.quantity ?? null) : null,
  }
}

/** One item; its period since basil, its plan in each version. */
export function itemJson(item: Item, subscription: Subscription, shape: Frame['shape']): StripeJson {
  const json = {
    id: item.id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: item.createdS,
    current_period_end: item.periodEndS,
    current_period_start: item.periodStartS,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planJson(item.price, subscription.livemode),
    price: priceJson(item.price, subscription.livemode),
    quantity: item.quantity,
    subscription: subscription.id,
    tax_rates: [],
  } satisfies Wire<Stripe.SubscriptionItem>
  if (shape === 'basil') return json
  const { current_period_end: _end, current_period_start: _start, current_trial: _trial, ...old } = json
  return old
}

import type Stripe from 'stripe'
import type { Price } from '../models.ts'
import type { Wire } from './wire.ts'

/** All prices are older than everything else. */
const madeS = 1_735_689_600

export const priceJson = (price: Price, livemode: boolean) =>
  ({
    id: price.id,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: madeS,
    currency: price.currency,
    custom_unit_amount: null,
    livemode,
    lookup_key: price.lookupKey,
    metadata: {},
    nickname: null,
    product: price.product,
    recurring: {
      interval: 'day',
      interval_count: price.intervalDays,
      meter: null,
      trial_period_days: null,
      usage_type: 'licensed',
    },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: price.unitAmount,
    unit_amount_decimal: price.unitAmountDecimal,
  }) satisfies Wire<Stripe.Price>

export const planJson = (price: Price, livemode: boolean) =>
  ({
    id: price.id,
    object: 'plan',
    active: true,
    amount: price.unitAmount,
    amount_decimal: price.unitAmountDecimal,
    billing_scheme: 'per_unit',
    created: madeS,
    currency: price.currency,
    interval: 'day',
    interval_count: price.intervalDays,
    livemode,
    metadata: {},
    meter: null,
    nickname: null,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }) satisfies Wire<Stripe.Plan>

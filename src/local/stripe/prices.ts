import type { Price } from './models.ts'

export interface PriceParts {
  /** Also the lookup key. */
  readonly name: string
  readonly currency: string
  /** Minor units; null for one with fractions of them. */
  readonly unitAmount: number | null
  /** @default 30 */
  readonly intervalDays?: number | undefined
  /** @default `name` */
  readonly lookupKey?: string | null | undefined
}

/** A price; its id follows from its parts, as long as the world lasts. */
export function priceOf({ name, currency, unitAmount, intervalDays = 30, lookupKey = name }: PriceParts): Price {
  return Object.freeze({
    id: `price_${name}_${currency}${intervalDays === 30 ? '' : `_${intervalDays}`}`,
    product: `prod_${name}`,
    lookupKey,
    unitAmount,
    unitAmountDecimal: unitAmount === null ? '0.5' : String(unitAmount),
    currency,
    intervalDays,
  })
}

import { type Line, type Price, priceOf, type Random } from '../../src/local/stripe/index.ts'

/** Zero, two and three decimals. */
export const currencies = ['eur', 'usd', 'jpy', 'kwd'] as const

const amounts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  basic: { eur: 900, usd: 1000, jpy: 1200, kwd: 2750 },
  pro: { eur: 2900, usd: 3100, jpy: 4500, kwd: 8990 },
  seat: { eur: 500, usd: 500, jpy: 700, kwd: 1250 },
  addon: { eur: 1, usd: 99, jpy: 50, kwd: 10 },
}

/** Plans that a person would sell; `enterprise` costs nearly as much as can be counted. */
export function linesOf(random: Random, currency: string, mixedPeriods: boolean): readonly Line[] {
  const plan = random.pick(['basic', 'pro', 'pro', 'free', random.boolean(0.1) ? 'enterprise' : 'basic'])
  const lines: Line[] = [{ price: namedPrice(plan, currency), quantity: 1 }]
  if (random.boolean(0.3)) lines.push({ price: namedPrice('seat', currency), quantity: random.integer(1, 20) })
  // Until basil all items of a subscription had one period.
  if (random.boolean(0.2)) lines.push({ price: namedPrice('addon', currency, mixedPeriods ? 365 : 30) })
  return lines
}

export function namedPrice(name: string, currency: string, intervalDays = 30): Price {
  const unitAmount =
    name === 'enterprise'
      ? 9_007_199_254_000_000
      : name === 'free'
        ? 0
        : (amounts[name]?.[currency] ?? (currency === 'kwd' ? 10 : 1))
  return priceOf({ name, currency, unitAmount, intervalDays, lookupKey: name === 'addon' ? null : name })
}

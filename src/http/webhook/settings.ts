import { Breaker, type Clock, systemClock } from '../../resilience/index.ts'
import { handledEventTypes } from './event-types.ts'
import type { StripeWebhookOptions, SubmitBreaker, WebhookBudget } from './types.ts'

/** The options with every default filled in and checked. */
export interface WebhookSettings extends StripeWebhookOptions {
  readonly secrets: readonly string[]
  readonly takesAccount: (account: string | undefined) => boolean
  /** Of a thin event without `v1.`. */
  readonly takesType: (type: string) => boolean
  readonly personalData: 'drop' | 'keep'
  readonly maxBytes: number
  readonly toleranceS: number
  readonly futureToleranceS: number
  readonly budget: WebhookBudget
  readonly breaker: SubmitBreaker
  readonly clock: Clock
}

const defaultBudget: WebhookBudget = Object.freeze({
  totalMs: 9000,
  bodyMs: 3000,
  submitMs: 5000,
  directMs: 3000,
  deadLetterMs: 1500,
})

/** @throws TypeError that names the option and what was received (never a secret) */
export function webhookSettings(options: StripeWebhookOptions): WebhookSettings {
  const { accounts = 'own', handledTypes = handledEventTypes, metrics } = options
  const secrets = options.secrets.map((secret) => secret.trim())
  if (secrets.length === 0) throw new TypeError('expected at least one webhook secret, received none')
  if (secrets.includes(''))
    throw new TypeError('expected webhook secrets with characters in them, received a blank one')
  const clock = options.clock ?? systemClock
  const budget = { ...defaultBudget, ...options.budget }
  for (const [name, ms] of Object.entries(budget)) atLeast(`budget.${name}`, ms, 1)
  return Object.freeze({
    ...options,
    secrets,
    takesAccount: (account: string | undefined) =>
      accounts === 'any' || (accounts === 'own' ? account === undefined : accounts.includes(account ?? 'own')),
    takesType: (type: string) => handledTypes === 'all' || handledTypes.includes(type),
    personalData: options.personalData ?? 'drop',
    maxBytes: atLeast('maxBytes', options.maxBytes ?? 1_048_576, 1),
    // Stripe's library takes 0 as "any age".
    toleranceS: atLeast('toleranceS', options.toleranceS ?? 300, 1),
    futureToleranceS: atLeast('futureToleranceS', options.futureToleranceS ?? 60, 0),
    budget: Object.freeze(budget),
    clock,
    breaker:
      options.breaker ??
      new Breaker({
        failures: 3,
        openMs: 10_000,
        // Whatever kept the broker from taking the event, the next one would wait for the same.
        judge: () => 'failure',
        onChange: (state) => metrics?.breaker('submit', state),
        clock,
      }),
  })
}

function atLeast(name: string, value: number, least: number): number {
  if (!(Number.isFinite(value) && value >= least)) {
    throw new TypeError(`expected ${name} to be a number of at least ${least}, received ${value}`)
  }
  return value
}

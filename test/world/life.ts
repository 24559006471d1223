import type { Random, World } from '../../src/local/stripe/index.ts'

/** Somebody who lives in a world, and may be one of our users. */
export interface Person {
  /** The last customer that they are at Stripe; null as long as they are none. */
  customer: string | null
  readonly user: string
  readonly account: string
  readonly livemode: boolean
  readonly currency: string
  readonly testClock: boolean
}

/** What is needed to do something. */
export interface Scene {
  readonly world: World
  readonly random: Random
  readonly person: Person
  /** Whether the items of a subscription may have periods of their own. */
  readonly mixedPeriods: boolean
}

/** Does something if it can be done now; says what, or undefined when there is nothing to do it to. */
export type Move = (scene: Scene) => string | undefined

/** One of those that fit, if there is any. */
export function any<T>(random: Random, candidates: readonly T[]): T | undefined {
  return candidates.length === 0 ? undefined : random.pick(candidates)
}

export const subscriptionsOf = ({ world, person }: Scene, ...statuses: readonly string[]) =>
  world.all('subscription').filter(({ customer, status }) => customer === person.customer && statuses.includes(status))

export const invoicesOf = ({ world, person }: Scene, ...statuses: readonly string[]) =>
  world
    .all('invoice')
    .filter(({ customer, status, deleted }) => customer === person.customer && !deleted && statuses.includes(status))

/** Charges of guests belong to everybody of the account. */
export const chargesOf = ({ world, person }: Scene) =>
  world
    .all('charge')
    .filter(
      ({ customer, account, livemode, status }) =>
        status === 'succeeded' &&
        account === person.account &&
        livemode === person.livemode &&
        (customer === person.customer || customer === null),
    )

import { appliedType } from '../../../../bees/finance/event-types.ts'
import {
  createWorld,
  priceOf,
  type Shape,
  type StripeApi,
  startStripeApi,
  type World,
  type WorldEvent,
} from '../../../../src/local/stripe/index.ts'
import { compare, oracle } from '../../../world/index.ts'
import { type Run, type RunOptions, type StripeHive, stripeHive } from './stripe-hive.ts'

export const dayMs = 86_400_000
export const pro = { price: priceOf({ name: 'pro', currency: 'eur', unitAmount: 1000 }) }

/** A small shop at Stripe, and a hive that is to know everything of it. */
export interface Shop {
  readonly world: World
  readonly api: StripeApi
  readonly hive: StripeHive
  /** A new customer buys something each way, and gets some of it back. */
  business(account?: string, livemode?: boolean): void
  /** The events that somebody applies. */
  told(): readonly WorldEvent[]
  /** 40 days later: Stripe keeps events for 30. */
  muchLater(): void
  /** Nothing is too young to be looked at unless `input` says so. */
  reconcile(input?: object, options?: RunOptions): Promise<Run>
  /** What is otherwise than in the world. */
  wrong(): Promise<readonly string[]>
  close(): Promise<void>
}

export async function openShop(options: { readonly seed: number; readonly shape?: Shape }): Promise<Shop> {
  const world = createWorld({ accounts: ['acct_1colonybees'], ...options })
  const api = await startStripeApi({ worlds: [world] })
  const hive = await stripeHive({ STRIPE_SECRET_KEY: 'sk_test_1,sk_live_1', STRIPE_API_URL: api.url })
  const { actions } = world
  return {
    ...{ world, api, hive },
    business: (account = 'self', livemode = false) => {
      const customer = actions.createCustomer({ account, livemode }).id
      const user = `user-${account}-${livemode}`
      const session = actions.openCheckout({ mode: 'subscription', customer, user, lines: [pro] })
      const subscription = actions.completeCheckout(session.id).subscription ?? ''
      world.advanceTo(world.nowMs() + 3 * dayMs)
      actions.addItem(subscription, { price: priceOf({ name: 'seat', currency: 'eur', unitAmount: 300 }) })
      const intent = actions.startPayment({ customer, amount: 4200, currency: 'jpy', account, livemode })
      const charge = actions.confirmPayment(intent.id, 'paid').latestCharge ?? ''
      actions.refund(charge, 1000)
      actions.refund(charge, 200)
      world.advanceTo(world.nowMs() + 5000)
      actions.openDispute(charge, { amount: 3000 })
      world.advanceTo(world.nowMs() + 60_000)
    },
    told: () => world.events().filter(({ type }) => appliedType(type) !== undefined),
    muchLater: () => world.advanceTo(world.nowMs() + 40 * dayMs),
    reconcile: (input = {}, how = {}) => hive.run('reconcile_stripe', { settle_s: 0, ...input }, how),
    wrong: async () => compare(await hive.actual(), oracle(world)),
    close: async () => {
      await hive.close()
      await api.close()
    },
  }
}

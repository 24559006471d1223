import type { FinanceDatabase } from './finance-database.ts'
import {
  checkoutOf,
  epochS,
  eventOf,
  type SentEvent,
  type Shape,
  type SubscriptionParts,
  stripeId,
  subscriptionOf,
} from './stripe-events.ts'

export interface Cast {
  readonly customer: string
  readonly user: string
  /** The subscription's. */
  readonly id: string
}

/** A customer, a user and a subscription that nobody else uses. */
export const cast = (): Cast => ({ customer: stripeId('cus'), user: stripeId('user'), id: stripeId('sub') })

/** The paid checkout that tells whose customer it is, made and completed in the same second. */
export const linkOf = ({ customer, user, id }: Cast, created = epochS): SentEvent =>
  eventOf('checkout.session.completed', checkoutOf({ customer, user, subscription: id, created }), { created })

export const changeOf = (
  parts: SubscriptionParts,
  created = epochS,
  shape: Shape = 'new',
  type: 'created' | 'updated' | 'deleted' = 'updated',
): SentEvent => eventOf(`customer.subscription.${type}`, subscriptionOf(parts, shape), { created, shape })

export const profileOf = (db: FinanceDatabase, user: string): Promise<Record<string, unknown>> =>
  db.one('select * from finance.user_profiles where user_id = $1', [user])

export const stateOf = async (db: FinanceDatabase, event: SentEvent): Promise<unknown> =>
  (await db.one('select state from finance.events where id = $1', [event.id]))['state']

/** A time of Stripe's as Postgres gives it. */
export const date = (seconds: number): Date => new Date(seconds * 1000)

import type { CheckoutSession, Final, Subscription, World } from '../../src/local/stripe/index.ts'
import { time } from './expected-rows.ts'
import type { ExpectedEntitlement, OracleOptions, PolicyRow } from './types.ts'

interface Standing {
  readonly plan: string
  readonly rank: number
  readonly untilS: number
  readonly subscription: string
  readonly item: string
  readonly status: string
}

const granting = new Set(['trialing', 'active', 'past_due'])

/**
 * To whom a customer belongs: the user of the latest of its completed checkouts that name one. Nobody once it is deleted.
 */
export function userOf(final: Final, customer: string): string | null {
  if (final.customer.find(({ id }) => id === customer)?.deleted !== false) return null
  const sessions = final.checkout_session.filter(
    (session) => session.customer === customer && session.status === 'complete' && named(session) !== null,
  )
  const latest = sessions.toSorted((a, b) => a.createdS - b.createdS || (a.id < b.id ? -1 : 1)).at(-1)
  return latest === undefined ? null : named(latest)
}

const named = ({ user, metadataUser }: CheckoutSession): string | null => user ?? metadataUser

/** What each user may use, worked out from objects alone. */
export function expectedEntitlements(world: World, options: OracleOptions): readonly ExpectedEntitlement[] {
  const final = world.final()
  const owned = final.customer.flatMap((customer) => {
    const user = userOf(final, customer.id)
    return user === null ? [] : [{ customer, user }]
  })
  const keys = new Map(
    owned.map(({ customer: { account, livemode }, user }) => [
      `${account} ${livemode} ${user}`,
      { account, livemode, user },
    ]),
  )
  return [...keys.values()].map(({ account, livemode, user }) => {
    const customers = new Set(
      owned
        .filter(
          ({ customer, user: of }) => of === user && customer.account === account && customer.livemode === livemode,
        )
        .map(({ customer }) => customer.id),
    )
    const policy = options.policies?.find((one) => one.account === account && one.livemode === livemode)
    const subscriptions = final.subscription.filter(({ customer }) => customers.has(customer))
    const standings = subscriptions.flatMap((one) => standingsOf(one, final, options, policy))
    const [best] = standings.toSorted(
      (a, b) =>
        b.rank - a.rank || b.untilS - a.untilS || order(a.subscription, b.subscription) || order(a.item, b.item),
    )
    const untilS = Math.max(...standings.filter(({ plan }) => plan === best?.plan).map((one) => one.untilS))
    return {
      account,
      livemode,
      user_id: user,
      entitled: best !== undefined,
      plan: best?.plan ?? null,
      status: best?.status ?? null,
      until: best === undefined || !Number.isFinite(untilS) ? null : time(untilS),
      flagged: false,
    }
  })
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function standingsOf(
  subscription: Subscription,
  final: Final,
  { plans = [] }: OracleOptions,
  policy: PolicyRow | undefined,
): readonly Standing[] {
  const { id, status, account, livemode } = subscription
  if (!granting.has(status) || awaitsMoney(subscription, final) || isRevoked(subscription, final, policy)) return []
  const graceS = (policy?.pastDueGraceDays ?? 7) * 86_400
  return subscription.items.map(({ id: item, price, periodStartS, periodEndS }) => {
    const plan = plans.find((one) => one.price === price.id && one.account === account && one.livemode === livemode)
    return {
      item,
      subscription: id,
      status,
      plan: plan?.plan ?? price.lookupKey ?? price.id,
      rank: plan?.rank ?? 0,
      untilS: Math.min(
        periodEndS,
        subscription.cancelAtS ?? Number.POSITIVE_INFINITY,
        status === 'past_due' ? periodStartS + graceS : Number.POSITIVE_INFINITY,
      ),
    }
  })
}

/** A checkout with a delayed method, and no invoice of the subscription was ever paid. */
function awaitsMoney({ id }: Subscription, final: Final): boolean {
  const waiting = final.checkout_session.some(
    ({ subscription, paymentStatus }) => subscription === id && paymentStatus === 'unpaid',
  )
  return waiting && !final.invoice.some(({ subscription, status }) => subscription === id && status === 'paid')
}

/** By policy, while a payment of the subscription is disputed, or once it is lost. */
function isRevoked({ id }: Subscription, final: Final, policy: PolicyRow | undefined): boolean {
  if (policy === undefined || policy.dispute === 'keep') return false
  const invoices = new Set(final.invoice.filter(({ subscription }) => subscription === id).map((one) => one.id))
  const charges = new Set(
    final.charge.filter(({ invoice }) => invoice !== null && invoices.has(invoice)).map((one) => one.id),
  )
  return final.dispute.some(
    ({ charge, status, moves }) =>
      charges.has(charge) &&
      (status === 'lost' ||
        (policy.dispute === 'revoke_while_open' &&
          !['won', 'warning_closed', 'prevented'].includes(status) &&
          moves.reduce((sum, { amount }) => sum + amount, 0) < 0)),
  )
}

/** One scene of the story: what happened, and the Stripe event that tells of it. */
export interface Scene {
  readonly title: string
  readonly event: StripeEvent
}

export interface StripeEvent {
  readonly id: string
  readonly object: 'event'
  readonly api_version: string
  readonly created: number
  readonly livemode: false
  readonly pending_webhooks: number
  readonly request: null
  readonly type: string
  readonly data: { readonly object: Readonly<Record<string, unknown>> }
}

export interface Story {
  readonly customer: string
  readonly user: string
  readonly scenes: readonly Scene[]
}

const day = 86_400
/** The first of January 2026, seconds since 1970. */
const newYearS = 1_767_225_600
const basic = { id: 'price_demo_basic', unit_amount: 900 }
const pro = { id: 'price_demo_pro', unit_amount: 2900 }

/**
 * A customer's life with a subscription, as Stripe tells it (API shape of 2025 and later): signup, trial, payment,
 * upgrade, failed renewal, recovery, refund, cancellation. Months are told in seconds, each scene as if it were now, so
 * that what the customer may use at that moment shows.
 *
 * @param seed makes the ids and, when it is a time since 2026 (seconds since 1970), is when the story begins; a
 * second passes from scene to scene. Nothing else goes in: the same seed gives the same events to the last byte, which
 * a hive that knows them answers as replays.
 */
export function tellStory(seed: number): Story {
  const startS = Math.max(seed, newYearS)
  const id = (prefix: string, name: string) => `${prefix}_demo${seed}${name}`
  const customer = id('cus', '')
  const subscription = id('sub', '')
  const user = `00000000-0000-4000-8000-${String(seed).padStart(12, '0').slice(-12)}`
  let count = 0

  const scene = (title: string, type: string, object: Record<string, unknown>): Scene => {
    count += 1
    const event: StripeEvent = {
      id: id('evt', `n${count}`),
      object: 'event',
      api_version: '2025-09-30.clover',
      created: startS + count,
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type,
      data: { object },
    }
    return { title, event }
  }
  const subscribed = (status: string, price: typeof basic, days: number, more: object = {}) => ({
    id: subscription,
    object: 'subscription',
    customer,
    status,
    livemode: false,
    created: startS,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    ended_at: null,
    trial_end: startS + 14 * day,
    items: {
      object: 'list',
      has_more: false,
      data: [
        {
          id: id('si', ''),
          object: 'subscription_item',
          quantity: 1,
          current_period_start: startS,
          current_period_end: startS + days * day,
          price: {
            ...price,
            object: 'price',
            currency: 'eur',
            product: 'prod_demo',
            recurring: { interval: 'month', interval_count: 1 },
          },
        },
      ],
    },
    ...more,
  })
  const invoice = (name: string, status: string, amount: number, more: object = {}) => ({
    id: id('in', name),
    object: 'invoice',
    customer,
    status,
    currency: 'eur',
    livemode: false,
    created: startS,
    total: amount,
    amount_due: amount,
    amount_paid: status === 'paid' ? amount : 0,
    amount_remaining: status === 'paid' ? 0 : amount,
    attempt_count: 1,
    parent: { type: 'subscription_details', subscription_details: { subscription } },
    payments: {
      object: 'list',
      has_more: false,
      data: [
        {
          id: id('inpay', name),
          object: 'invoice_payment',
          amount_paid: amount,
          currency: 'eur',
          status,
          payment: { type: 'payment_intent', payment_intent: id('pi', name) },
        },
      ],
    },
    ...more,
  })

  return {
    customer,
    user,
    scenes: [
      scene('Signs up and starts a trial', 'checkout.session.completed', {
        id: id('cs', ''),
        object: 'checkout.session',
        mode: 'subscription',
        status: 'complete',
        payment_status: 'no_payment_required',
        client_reference_id: user,
        customer,
        subscription,
        livemode: false,
        amount_total: 0,
        currency: 'eur',
        metadata: {},
      }),
      scene('The trial begins', 'customer.subscription.created', subscribed('trialing', basic, 14)),
      scene('The trial ends, the first payment', 'invoice.paid', invoice('a', 'paid', 900)),
      scene('The subscription is active', 'customer.subscription.updated', subscribed('active', basic, 30)),
      scene('Upgrades to the larger plan', 'customer.subscription.updated', subscribed('active', pro, 30)),
      scene('Pays the difference', 'invoice.paid', invoice('b', 'paid', 1970)),
      scene('The renewal fails', 'invoice.payment_failed', invoice('c', 'open', 2900)),
      scene('The subscription is past due', 'customer.subscription.updated', subscribed('past_due', pro, 30)),
      scene('A new card: the invoice is paid', 'invoice.paid', invoice('c', 'paid', 2900, { attempt_count: 2 })),
      scene('The subscription is active again', 'customer.subscription.updated', subscribed('active', pro, 30)),
      scene('Ten euros are refunded', 'charge.refunded', {
        id: id('ch', 'c'),
        object: 'charge',
        customer,
        payment_intent: id('pi', 'c'),
        amount: 2900,
        amount_captured: 2900,
        amount_refunded: 1000,
        currency: 'eur',
        livemode: false,
        created: startS,
        paid: true,
        refunded: false,
        status: 'succeeded',
        refunds: {
          object: 'list',
          has_more: false,
          data: [
            {
              id: id('re', 'c'),
              object: 'refund',
              amount: 1000,
              currency: 'eur',
              charge: id('ch', 'c'),
              payment_intent: id('pi', 'c'),
              status: 'succeeded',
              reason: 'requested_by_customer',
              created: startS,
            },
          ],
        },
      }),
      scene(
        'Cancels; the subscription ends',
        'customer.subscription.deleted',
        subscribed('canceled', pro, 30, { canceled_at: startS, ended_at: startS }),
      ),
    ],
  }
}

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
const basic = { id: 'price_demo_basic', unit_amount: 900 }
const pro = { id: 'price_demo_pro', unit_amount: 2900 }

/**
 * Half a year of a customer's life with a subscription, as Stripe tells it (API shape of 2025 and later): signup, trial,
 * payment, upgrade, failed renewal, recovery, refund, cancellation.
 *
 * @param seed makes the ids; the same seed gives the same events, which a hive that knows them answers as replays.
 * @param startS when it ends, seconds since 1970: the story is told in the past, up to that moment.
 */
export function tellStory(seed: number, startS: number): Story {
  const id = (prefix: string, name: string) => `${prefix}_demo${seed}${name}`
  const customer = id('cus', '')
  const subscription = id('sub', '')
  const user = `00000000-0000-4000-8000-${String(seed).padStart(12, '0').slice(-12)}`
  const begin = startS - 150 * day
  let count = 0

  const scene = (title: string, afterDays: number, type: string, object: Record<string, unknown>): Scene => {
    count += 1
    const event: StripeEvent = {
      id: id('evt', `n${count}`),
      object: 'event',
      api_version: '2025-09-30.clover',
      created: begin + afterDays * day + count,
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type,
      data: { object },
    }
    return { title, event }
  }
  const subscribed = (status: string, price: typeof basic, fromDay: number, toDay: number, more: object = {}) => ({
    id: subscription,
    object: 'subscription',
    customer,
    status,
    livemode: false,
    created: begin,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    ended_at: null,
    trial_end: begin + 14 * day,
    items: {
      object: 'list',
      has_more: false,
      data: [
        {
          id: id('si', ''),
          object: 'subscription_item',
          quantity: 1,
          current_period_start: begin + fromDay * day,
          current_period_end: begin + toDay * day,
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
    created: begin,
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
      scene('Signs up and starts a trial', 0, 'checkout.session.completed', {
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
      scene('The trial begins', 0, 'customer.subscription.created', subscribed('trialing', basic, 0, 14)),
      scene('The trial ends, the first payment', 14, 'invoice.paid', invoice('a', 'paid', 900)),
      scene('The subscription is active', 14, 'customer.subscription.updated', subscribed('active', basic, 14, 44)),
      scene('Upgrades to the larger plan', 30, 'customer.subscription.updated', subscribed('active', pro, 30, 60)),
      scene('Pays the difference', 30, 'invoice.paid', invoice('b', 'paid', 1970)),
      scene('The renewal fails', 60, 'invoice.payment_failed', invoice('c', 'open', 2900)),
      scene('The subscription is past due', 60, 'customer.subscription.updated', subscribed('past_due', pro, 60, 90)),
      scene('A new card: the invoice is paid', 63, 'invoice.paid', invoice('c', 'paid', 2900, { attempt_count: 2 })),
      scene('The subscription is active again', 63, 'customer.subscription.updated', subscribed('active', pro, 60, 90)),
      scene('Ten euros are refunded', 70, 'charge.refunded', {
        id: id('ch', 'c'),
        object: 'charge',
        customer,
        payment_intent: id('pi', 'c'),
        amount: 2900,
        amount_captured: 2900,
        amount_refunded: 1000,
        currency: 'eur',
        livemode: false,
        created: begin + 63 * day,
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
              created: begin + 70 * day,
            },
          ],
        },
      }),
      scene(
        'Cancels; the subscription ends',
        90,
        'customer.subscription.deleted',
        subscribed('canceled', pro, 60, 90, { canceled_at: begin + 80 * day, ended_at: begin + 90 * day }),
      ),
    ],
  }
}

import { randomBytes } from 'node:crypto'

export interface BenchEvent {
  readonly id: string
  readonly type: string
  readonly created: number
  readonly livemode: boolean
  readonly api_version: string
  readonly data: { readonly object: Readonly<Record<string, unknown>> }
}

const people = 40
const daysS = 86_400

/**
 * Events that tell of different objects, paid invoices and subscriptions in turn, of forty customers: in whichever order
 * they come, none of them is ambiguous and Stripe need not be asked.
 */
export function stripeEvents(count: number): readonly BenchEvent[] {
  const run = randomBytes(6).toString('hex')
  const nowS = Math.floor(Date.now() / 1000)
  return Array.from({ length: count }, (_, index) => {
    const customer = `cus_${run}${index % people}`
    const createdS = nowS - count + index
    const object =
      index % 2 === 0
        ? paidInvoice(`in_${run}${index}`, customer, createdS)
        : subscription(`sub_${run}${index}`, customer, createdS)
    return {
      id: `evt_${run}${index}`,
      object: 'event',
      api_version: '2026-10-28.endive',
      created: createdS,
      livemode: false,
      type: index % 2 === 0 ? 'invoice.paid' : 'customer.subscription.updated',
      data: { object },
    }
  })
}

const paidInvoice = (id: string, customer: string, createdS: number) => ({
  ...{ id, object: 'invoice', customer, created: createdS, status: 'paid', currency: 'usd', livemode: false },
  ...{ total: 1900, amount_due: 1900, amount_paid: 1900, billing_reason: 'subscription_cycle', attempt_count: 1 },
  parent: null,
  status_transitions: { paid_at: createdS },
})

const subscription = (id: string, customer: string, createdS: number) => ({
  ...{ id, object: 'subscription', customer, created: createdS, status: 'active', currency: 'usd', livemode: false },
  ...{ cancel_at_period_end: false, cancel_at: null, canceled_at: null, ended_at: null, trial_end: null },
  items: {
    object: 'list',
    has_more: false,
    data: [
      {
        ...{ id: `si_${id}`, object: 'subscription_item', quantity: 1 },
        ...{ current_period_start: createdS, current_period_end: createdS + 30 * daysS },
        price: { id: 'price_bench', product: 'prod_bench', unit_amount: 1900, currency: 'usd', lookup_key: null },
      },
    ],
  },
})

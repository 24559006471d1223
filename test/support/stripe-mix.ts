import {
  checkoutOf,
  deletedCustomerOf,
  epochS,
  eventOf,
  invoiceOf,
  type SentEvent,
  subscriptionOf,
} from '../bees/finance/stripe-events.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Different events of several customers, in an order that Stripe might have chosen. */
export function stripeMix(random: SeededRandom, total: number, customers = 20): SentEvent[] {
  const shape = () => random.pick(['old', 'new'] as const)
  const events = Array.from({ length: total }, (_, index) => {
    const person = index % customers
    const customer = `cus_mix${person}`
    const subscription = `sub_mix${person}`
    const options = { id: `evt_mix${String(index).padStart(5, '0')}`, created: epochS + index, shape: shape() }
    if (index < customers) {
      const user = `00000000-0000-4000-8000-${String(person).padStart(12, '0')}`
      return eventOf(
        'checkout.session.completed',
        checkoutOf({ id: `cs_mix${person}`, customer, subscription, user }),
        options,
      )
    }
    if (index % 5 === 0) {
      const status = random.pick(['active', 'past_due', 'trialing'])
      const type = 'customer.subscription.updated'
      return eventOf(type, subscriptionOf({ id: subscription, customer, status }, options.shape), options)
    }
    if (index === total - 1) return eventOf('customer.deleted', deletedCustomerOf(customer), options)
    const status = random.boolean(0.8) ? 'paid' : 'open'
    const type = status === 'paid' ? 'invoice.paid' : 'invoice.payment_failed'
    const invoice = { id: `in_mix${index}`, customer, subscription, status, amount_due: random.integer(1, 99_999) }
    return eventOf(type, invoiceOf(invoice, options.shape), options)
  })
  return random.shuffle(events)
}

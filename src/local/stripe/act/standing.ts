import type { Core, Tell } from '../core.ts'
import type { Subscription } from '../models.ts'
import { setCustomer } from './customers.ts'

export const hasEnded = ({ status }: Subscription): boolean => status === 'canceled' || status === 'incomplete_expired'

/** Ends a subscription now. */
export function end(core: Core, tell: Tell, id: string): Subscription {
  const { canceledAtS } = core.get('subscription', id)
  tell('customer.subscription.deleted', 'subscription', id)
  return core.change('subscription', id, {
    status: 'canceled',
    canceledAtS: canceledAtS ?? core.nowS(),
    endedAtS: core.nowS(),
    pendingUpdate: null,
  })
}

/** What an invoice's payment does to its subscription and customer. */
export function afterPayment(
  core: Core,
  tell: Tell,
  invoiceId: string,
  outcome: 'paid' | 'failed' | 'processing',
): void {
  const invoice = core.get('invoice', invoiceId)
  if (invoice.subscription === null) return
  const subscription = core.get('subscription', invoice.subscription)
  if (hasEnded(subscription) || subscription.latestInvoice !== invoiceId) return
  const next = standing(subscription.status, outcome)
  if (next !== subscription.status) {
    core.change('subscription', subscription.id, { status: next })
    tell('customer.subscription.updated', 'subscription', subscription.id)
  }
  if (outcome === 'processing') return
  setCustomer(core, tell, subscription.customer, { delinquent: outcome === 'failed' && next !== 'incomplete' })
}

function standing(status: string, outcome: 'paid' | 'failed' | 'processing'): string {
  if (outcome === 'failed') return status === 'active' ? 'past_due' : status
  if (status === 'incomplete') return 'active'
  return outcome === 'paid' && (status === 'past_due' || status === 'unpaid') ? 'active' : status
}

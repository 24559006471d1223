import type { Payment } from '../actions.ts'
import type { Core } from '../core.ts'
import type { Subscription } from '../models.ts'
import { collect, voidInvoice } from './invoices.ts'
import { expect } from './refuse.ts'
import { end } from './standing.ts'
import { bill, collectNow, costOf, dayS, running, updated } from './subscriptions.ts'

export function settleUpdate(core: Core, id: string, applied: boolean): Subscription {
  const { pendingUpdate, latestInvoice } = running(core, id)
  expect(pendingUpdate !== null, 'The subscription has no update that waits.')
  const open = latestInvoice !== null && core.get('invoice', latestInvoice).status === 'open' ? latestInvoice : null
  return core.happen((tell) => {
    if (open !== null && applied) collect(core, tell, open, 'paid')
    if (open !== null && !applied) voidInvoice(core, tell, open)
    const type = applied ? 'pending_update_applied' : 'pending_update_expired'
    tell(`customer.subscription.${type}`, 'subscription', id)
    const items = applied ? pendingUpdate.items : core.get('subscription', id).items
    return updated(core, tell, id, { pendingUpdate: null, items })
  })
}

export function cancel(core: Core, id: string, when: 'now' | 'period_end'): Subscription {
  const { items, cancelAtPeriodEnd } = running(core, id)
  if (when === 'now') return core.happen((tell) => end(core, tell, id))
  expect(!cancelAtPeriodEnd, 'The subscription is to be cancelled already.')
  return core.happen((tell) =>
    updated(core, tell, id, {
      cancelAtPeriodEnd: true,
      cancelAtS: Math.max(...items.map(({ periodEndS }) => periodEndS)),
      canceledAtS: core.nowS(),
    }),
  )
}

export function undoCancel(core: Core, id: string): Subscription {
  expect(running(core, id).cancelAtPeriodEnd, 'The subscription is not to be cancelled.')
  return core.happen((tell) =>
    updated(core, tell, id, { cancelAtPeriodEnd: false, cancelAtS: null, canceledAtS: null }),
  )
}

export function reachEnd(core: Core, id: string): Subscription {
  expect(running(core, id).cancelAtPeriodEnd, 'The subscription is not to be cancelled.')
  return core.happen((tell) => end(core, tell, id))
}

export function trialWillEnd(core: Core, id: string): Subscription {
  const subscription = running(core, id)
  expect(subscription.status === 'trialing', `The subscription is ${subscription.status}.`)
  core.happen((tell) => tell('customer.subscription.trial_will_end', 'subscription', id))
  return subscription
}

export function endTrial(core: Core, id: string, payment: Payment | 'none' = 'paid'): Subscription {
  const { status, items } = running(core, id)
  expect(status === 'trialing', `The subscription is ${status}.`)
  if (payment === 'none') {
    return core.happen((tell) => {
      tell('customer.subscription.paused', 'subscription', id)
      return updated(core, tell, id, { status: 'paused', trialEndS: core.nowS() })
    })
  }
  const invoice = core.happen((tell) => {
    const nowS = core.nowS()
    updated(core, tell, id, {
      status: 'active',
      trialEndS: nowS,
      items: items.map((item) => ({
        ...item,
        periodStartS: nowS,
        periodEndS: nowS + item.price.intervalDays * dayS,
      })),
    })
    return bill(core, tell, id, costOf(items), 'subscription_cycle')
  })
  collectNow(core, invoice, payment)
  return core.get('subscription', id)
}

export function pause(core: Core, id: string): Subscription {
  const { status } = running(core, id)
  expect(status === 'active' || status === 'trialing', `The subscription is ${status}.`)
  return core.happen((tell) => {
    tell('customer.subscription.paused', 'subscription', id)
    return updated(core, tell, id, { status: 'paused' })
  })
}

export function resume(core: Core, id: string): Subscription {
  const { status, items } = running(core, id)
  expect(status === 'paused', `The subscription is ${status}.`)
  const invoice = core.happen((tell) => {
    const nowS = core.nowS()
    tell('customer.subscription.resumed', 'subscription', id)
    updated(core, tell, id, {
      status: 'active',
      items: items.map((item) => ({
        ...item,
        periodStartS: nowS,
        periodEndS: nowS + item.price.intervalDays * dayS,
      })),
    })
    return bill(core, tell, id, costOf(items), 'subscription_cycle')
  })
  collectNow(core, invoice, 'paid')
  return core.get('subscription', id)
}

export function pauseCollection(core: Core, id: string, paused: boolean): Subscription {
  expect((running(core, id).pauseCollection !== null) !== paused, 'Collection is so already.')
  return core.happen((tell) => updated(core, tell, id, { pauseCollection: paused ? 'void' : null }))
}

export function giveUp(core: Core, id: string, how: 'unpaid' | 'canceled'): Subscription {
  const { status } = running(core, id)
  expect(status === 'past_due', `The subscription is ${status}.`)
  return core.happen((tell) =>
    how === 'canceled' ? end(core, tell, id) : updated(core, tell, id, { status: 'unpaid' }),
  )
}

export function expireIncomplete(core: Core, id: string): Subscription {
  const { status, latestInvoice } = running(core, id)
  expect(status === 'incomplete', `The subscription is ${status}.`)
  return core.happen((tell) => {
    if (latestInvoice !== null && core.get('invoice', latestInvoice).status === 'open') {
      voidInvoice(core, tell, latestInvoice)
    }
    return updated(core, tell, id, { status: 'incomplete_expired', endedAtS: core.nowS() })
  })
}

export function passThroughUnknown(core: Core, id: string, status: string): Subscription {
  const before = running(core, id).status
  core.happen((tell) => updated(core, tell, id, { status }))
  return core.happen((tell) => updated(core, tell, id, { status: before }))
}

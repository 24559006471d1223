import type { NewCustomer } from '../actions.ts'
import type { Core, Tell } from '../core.ts'
import type { Customer } from '../models.ts'
import { expect } from './refuse.ts'
import { end, hasEnded } from './standing.ts'

export function createCustomer(core: Core, options: NewCustomer = {}): Customer {
  return core.happen((tell) => {
    const id = core.id('cus')
    const customer = core.put('customer', {
      id,
      customer: id,
      account: options.account ?? 'self',
      livemode: options.livemode ?? core.livemode,
      createdS: core.nowS(),
      testClock: options.testClock ? core.id('clock') : null,
      deleted: false,
      delinquent: false,
      currency: null,
      email: 'canary.person@example.org',
    })
    tell('customer.created', 'customer', id)
    return customer
  })
}

/** Nothing that we keep changes: the person has moved. */
export function updateCustomer(core: Core, customer: string): Customer {
  expect(!core.get('customer', customer).deleted, 'The customer is deleted.')
  return core.happen((tell) => {
    tell('customer.updated', 'customer', customer)
    return core.change('customer', customer, {})
  })
}

/** Told only when something is different. */
export function setCustomer(
  core: Core,
  tell: Tell,
  customer: string,
  members: Partial<Pick<Customer, 'currency' | 'delinquent'>>,
): void {
  const now = core.get('customer', customer)
  const next = { ...now, ...members }
  if (now.deleted || (next.currency === now.currency && next.delinquent === now.delinquent)) return
  core.put('customer', next)
  tell('customer.updated', 'customer', customer)
}

export function deleteCustomer(core: Core, customer: string): Customer {
  expect(!core.get('customer', customer).deleted, 'The customer is deleted already.')
  return core.happen((tell) => {
    for (const id of core.ids('subscription')) {
      const subscription = core.get('subscription', id)
      if (subscription.customer === customer && !hasEnded(subscription)) end(core, tell, id)
    }
    tell('customer.deleted', 'customer', customer)
    return core.change('customer', customer, { deleted: true })
  })
}

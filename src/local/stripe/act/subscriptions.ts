import type { Line, NewSubscription, Payment } from '../actions.ts'
import type { Core, Tell } from '../core.ts'
import type { Item, Subscription } from '../models.ts'
import { setCustomer } from './customers.ts'
import { collect, finalize, makeDraft } from './invoices.ts'
import { expect } from './refuse.ts'
import { afterPayment, hasEnded } from './standing.ts'

export const dayS = 86_400

/** @throws RangeError when it has ended */
export function running(core: Core, id: string): Subscription {
  const subscription = core.get('subscription', id)
  expect(!hasEnded(subscription), `The subscription is ${subscription.status}.`)
  return subscription
}

export const updated = (core: Core, tell: Tell, id: string, members: Partial<Subscription>): Subscription => {
  tell('customer.subscription.updated', 'subscription', id)
  return core.change('subscription', id, members)
}

/** @throws RangeError for more than can be counted */
export function costOf(
  lines: readonly { readonly price: Line['price']; readonly quantity?: number | undefined }[],
): number {
  const cost = lines.reduce((sum, { price, quantity = 1 }) => sum + (price.unitAmount ?? 1) * quantity, 0)
  expect(Number.isSafeInteger(cost), 'That costs more than can be counted.')
  return cost
}

export function newItem(core: Core, { price, quantity = 1 }: Line, startS: number, endS?: number): Item {
  return {
    id: core.id('si'),
    createdS: core.nowS(),
    price,
    quantity,
    periodStartS: startS,
    periodEndS: endS ?? startS + price.intervalDays * dayS,
  }
}

/** Makes it and its first invoice, which is a draft still where there is something to pay. */
export function subscribe(core: Core, options: NewSubscription): Subscription {
  const { customer, lines, trialDays = 0, payment = 'paid' } = options
  const [first] = lines
  expect(first !== undefined, 'A subscription needs an item.')
  const { currency } = first.price
  const cost = costOf(lines)
  expect(!core.get('customer', customer).deleted, 'The customer is deleted.')
  const id = core.id('sub')
  const invoice = core.happen((tell) => {
    const { account, livemode, testClock } = core.get('customer', customer)
    const nowS = core.nowS()
    const trialEndS = trialDays > 0 ? nowS + trialDays * dayS : null
    core.put('subscription', {
      id,
      account,
      livemode,
      testClock,
      customer,
      currency,
      createdS: nowS,
      startS: nowS,
      status: trialEndS === null ? 'incomplete' : 'trialing',
      cancelAtPeriodEnd: false,
      cancelAtS: null,
      canceledAtS: null,
      endedAtS: null,
      trialStartS: trialEndS === null ? null : nowS,
      trialEndS,
      pauseCollection: null,
      pendingUpdate: null,
      latestInvoice: null,
      items: lines.map((line) => newItem(core, line, nowS, trialEndS ?? undefined)),
    })
    tell('customer.subscription.created', 'subscription', id)
    setCustomer(core, tell, customer, { currency })
    return bill(core, tell, id, trialEndS === null ? cost : 0, 'subscription_create')
  })
  collectNow(core, invoice, payment)
  return core.get('subscription', id)
}

/** A draft for a subscription, which becomes its latest invoice. */
export function bill(core: Core, tell: Tell, id: string, total: number, reason: string): string {
  const { customer, currency, items } = core.get('subscription', id)
  const invoice = makeDraft(core, tell, {
    customer,
    subscription: id,
    total,
    currency,
    reason,
    periodStartS: items[0]?.periodStartS ?? core.nowS(),
    periodEndS: items[0]?.periodEndS ?? core.nowS(),
  })
  core.change('subscription', id, { latestInvoice: invoice.id })
  return invoice.id
}

/** Finalizes and collects, each a thing of its own within the same moment. What costs nothing is paid by then. */
export function collectNow(core: Core, invoice: string, payment: Payment): void {
  core.happen((tell) => {
    if (finalize(core, tell, invoice).status === 'paid') afterPayment(core, tell, invoice, 'paid')
  })
  if (core.get('invoice', invoice).status === 'open') core.happen((tell) => collect(core, tell, invoice, payment))
}

/** The items whose period ends first begin the next one now. */
export function renew(core: Core, id: string, payment: Payment = 'paid'): Subscription {
  const { status, items } = running(core, id)
  expect(status === 'active' || status === 'past_due', `The subscription is ${status}.`)
  const firstEndS = Math.min(...items.map(({ periodEndS }) => periodEndS))
  const due = items.filter(({ periodEndS }) => periodEndS <= firstEndS)
  const invoice = core.happen((tell) => {
    const nowS = core.nowS()
    updated(core, tell, id, {
      items: items.map((item) =>
        due.includes(item) ? { ...item, periodStartS: nowS, periodEndS: nowS + item.price.intervalDays * dayS } : item,
      ),
    })
    return bill(core, tell, id, costOf(due), 'subscription_cycle')
  })
  collectNow(core, invoice, payment)
  return core.get('subscription', id)
}

export function addItem(core: Core, id: string, line: Line): Subscription {
  const { items } = running(core, id)
  const [first] = items
  expect(!items.some(({ price }) => price.id === line.price.id), 'There is an item with this price already.')
  const alike = first !== undefined && first.price.intervalDays === line.price.intervalDays
  costOf([...items, line])
  return core.happen((tell) => {
    const item = newItem(core, line, alike ? first.periodStartS : core.nowS(), alike ? first.periodEndS : undefined)
    return updated(core, tell, id, { items: [...items, item] })
  })
}

export function removeItem(core: Core, id: string, item: string): Subscription {
  const items = running(core, id).items.filter((one) => one.id !== item)
  expect(items.length > 0, 'A subscription needs an item.')
  return core.happen((tell) => updated(core, tell, id, { items }))
}

/** The items with one of them changed. */
export function withLine(items: readonly Item[], item: string, { price, quantity }: Line): readonly Item[] {
  const found = items.find(({ id }) => id === item)
  expect(found !== undefined, 'The subscription has no such item.')
  const taken = items.some((one) => one.id !== item && one.price.id === price.id)
  expect(!taken, 'There is an item with this price already.')
  const next = items.map((one) => (one.id === item ? { ...one, price, quantity: quantity ?? one.quantity } : one))
  costOf(next)
  return next
}

/** Amounts in Kuwaiti dinar end with 0, as those of all currencies with three decimals. */
const smallest = (currency: string): number => (currency === 'kwd' ? 10 : 1)

const half = (amount: number, currency: string): number =>
  Math.trunc(amount / 2 / smallest(currency)) * smallest(currency)

export function changeItem(core: Core, id: string, item: string, line: Line, prorate = false): Subscription {
  const { items, currency } = running(core, id)
  const next = withLine(items, item, line)
  core.happen((tell) => updated(core, tell, id, { items: next }))
  if (!prorate) return core.get('subscription', id)
  const invoice = core.happen((tell) => {
    tell('customer.subscription.updated', 'subscription', id)
    // Half of the period is left, say; what the customer gets back makes a total below zero.
    return bill(core, tell, id, half(costOf(next) - costOf(items), currency), 'subscription_update')
  })
  collectNow(core, invoice, 'paid')
  return core.get('subscription', id)
}

/** Applies once its invoice is paid. */
export function proposeUpdate(core: Core, id: string, item: string, line: Line): Subscription {
  const { items, pendingUpdate, status, currency } = running(core, id)
  expect(pendingUpdate === null && status === 'active', 'The subscription cannot be changed now.')
  const next = withLine(items, item, line)
  const invoice = core.happen((tell) => {
    updated(core, tell, id, { pendingUpdate: { expiresS: core.nowS() + 82_800, items: next } })
    return bill(core, tell, id, Math.max(smallest(currency), costOf(next) - costOf(items)), 'subscription_update')
  })
  collectNow(core, invoice, 'action_required')
  return core.get('subscription', id)
}

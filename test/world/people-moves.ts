import { linesOf } from './catalogue.ts'
import { any, type Move } from './life.ts'

const checkout: Move = ({ world, random, person, mixedPeriods }) => {
  const { account, livemode, currency, user } = person
  const mode = random.pick(['subscription', 'subscription', 'subscription', 'payment', 'setup'] as const)
  const guest = mode === 'payment' && random.boolean(0.4)
  const inMetadata = random.boolean(0.2)
  const anonymous = random.boolean(0.1)
  const session = world.actions.openCheckout({
    mode,
    customer: guest ? null : person.customer,
    user: anonymous || inMetadata ? null : user,
    metadataUser: inMetadata ? user : null,
    lines: mode === 'subscription' ? linesOf(random, currency, mixedPeriods) : [],
    amount: random.integer(1, 900) * 10,
    currency,
    account,
    livemode,
  })
  if (random.boolean(0.1)) {
    world.actions.expireCheckout(session.id)
    return `checkout ${session.id} expires`
  }
  const how = random.pick(['at_once', 'at_once', 'delayed', mode === 'subscription' ? 'trial' : 'at_once'] as const)
  const done = world.actions.completeCheckout(session.id, how)
  if (!guest && done.customer !== null) person.customer = done.customer
  return `checkout ${session.id} ${mode} ${how}`
}

const settleCheckout: Move = ({ world, random, person }) => {
  const found = any(
    random,
    world
      .all('checkout_session')
      .filter(
        ({ status, paymentStatus, account, livemode }) =>
          status === 'complete' &&
          paymentStatus === 'unpaid' &&
          account === person.account &&
          livemode === person.livemode,
      ),
  )
  if (found === undefined) return undefined
  const paid = random.boolean(0.6)
  world.actions.settleCheckout(found.id, paid)
  return `settle ${found.id} ${paid}`
}

const become: Move = ({ world, person }) => {
  if (person.customer !== null) return undefined
  const { account, livemode, testClock } = person
  person.customer = world.actions.createCustomer({ account, livemode, testClock }).id
  return `${person.user} becomes ${person.customer}`
}

const move: Move = ({ world, person }) => {
  if (person.customer === null) return undefined
  world.actions.updateCustomer(person.customer)
  return `${person.customer} moves`
}

/** They may come back as another customer. */
const leave: Move = ({ world, person }) => {
  const { customer } = person
  if (customer === null) return undefined
  world.actions.deleteCustomer(customer)
  person.customer = null
  return `${customer} is deleted`
}

const distract: Move = ({ world, random, person }) => {
  const type = random.pick(['product.updated', 'payment_method.attached', 'invoice.will_be_due', 'entirely.new_thing'])
  world.actions.distract(type, { account: person.account, livemode: person.livemode })
  return type
}

export const peopleMoves: readonly (readonly [weight: number, move: Move])[] = [
  [9, checkout],
  [4, settleCheckout],
  [3, become],
  [1, move],
  [0.7, leave],
  [1, distract],
]

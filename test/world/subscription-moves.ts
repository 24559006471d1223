import type { Subscription } from '../../src/local/stripe/index.ts'
import { linesOf, namedPrice } from './catalogue.ts'
import { any, type Move, type Scene, subscriptionsOf } from './life.ts'

/** A move about one of the person's subscriptions in some status. */
const about =
  (statuses: readonly string[], work: (subscription: Subscription, scene: Scene) => string | undefined): Move =>
  (scene) => {
    const subscription = any(scene.random, subscriptionsOf(scene, ...statuses))
    return subscription === undefined ? undefined : work(subscription, scene)
  }

const subscribe: Move = ({ world, random, person, mixedPeriods }) => {
  const { customer } = person
  if (customer === null) return undefined
  const payment = random.pick(['paid', 'paid', 'paid', 'failed', 'action_required', 'processing'] as const)
  const trialDays = random.boolean(0.3) ? 14 : 0
  const lines = linesOf(random, person.currency, mixedPeriods)
  world.actions.subscribe({ customer, lines, payment, trialDays })
  return `subscribe ${customer} ${payment} trial ${trialDays}`
}

const live = ['active', 'past_due', 'trialing', 'unpaid'] as const

const addItem = about(live, ({ id, currency }, { world, random }) => {
  const price = namedPrice(random.pick(['seat', 'addon', 'extra']), currency)
  world.actions.addItem(id, { price, quantity: random.integer(1, 3) })
  return `add ${price.id} to ${id}`
})

const removeItem = about(live, ({ id, items }, { world, random }) => {
  const item = random.pick(items).id
  world.actions.removeItem(id, item)
  return `remove ${item} from ${id}`
})

const changeItem = about(live, ({ id, items, currency }, { world, random }) => {
  const item = random.pick(items)
  const price = namedPrice(random.pick(['basic', 'pro', 'seat']), currency)
  if (price.intervalDays !== item.price.intervalDays) return undefined
  world.actions.changeItem(id, item.id, { price, quantity: random.integer(1, 5) }, random.boolean(0.4))
  return `change ${item.id} of ${id} to ${price.id}`
})

/** Several changes within one second. */
const changeOften = about(live, ({ id, items }, { world, random }) => {
  const item = random.pick(items)
  const times = random.integer(2, 4)
  for (let n = 0; n < times; n += 1) {
    world.actions.changeItem(id, item.id, { price: item.price, quantity: random.integer(1, 9) })
  }
  return `change ${item.id} of ${id} ${times} times`
})

const propose = about(['active'], ({ id, items, currency }, { world, random }) => {
  const item = random.pick(items)
  if (item.price.intervalDays !== 30) return undefined
  world.actions.proposeUpdate(id, item.id, { price: namedPrice('pro', currency), quantity: random.integer(2, 9) })
  return `propose an update of ${id}`
})

const settleUpdate = about([...live], ({ id, pendingUpdate }, { world, random }) => {
  if (pendingUpdate === null) return undefined
  const applied = random.boolean()
  world.actions.settleUpdate(id, applied)
  return `update of ${id} ${applied ? 'applied' : 'expired'}`
})

const renew = about(['active', 'past_due'], ({ id }, { world, random }) => {
  const payment = random.pick(['paid', 'paid', 'failed', 'action_required', 'processing'] as const)
  world.actions.renew(id, payment)
  return `renew ${id} ${payment}`
})

const endTrial = about(['trialing'], ({ id }, { world, random }) => {
  if (random.boolean(0.3)) world.actions.trialWillEnd(id)
  const payment = random.pick(['paid', 'paid', 'failed', 'none'] as const)
  world.actions.endTrial(id, payment)
  return `end the trial of ${id} ${payment}`
})

const cancel = about([...live, 'paused'], ({ id, cancelAtPeriodEnd }, { world, random }) => {
  if (cancelAtPeriodEnd) {
    const back = random.boolean()
    if (back) world.actions.undoCancel(id)
    else world.actions.reachEnd(id)
    return `${back ? 'undo the cancelling' : 'reach the end'} of ${id}`
  }
  const when = random.pick(['now', 'period_end', 'period_end'] as const)
  world.actions.cancel(id, when)
  return `cancel ${id} ${when}`
})

const giveUp = about(['past_due'], ({ id }, { world, random }) => {
  const how = random.pick(['unpaid', 'canceled'] as const)
  world.actions.giveUp(id, how)
  return `give ${id} up: ${how}`
})

const pause = about(['active', 'trialing', 'paused'], ({ id, status }, { world }) => {
  if (status === 'paused') world.actions.resume(id)
  else world.actions.pause(id)
  return `${status === 'paused' ? 'resume' : 'pause'} ${id}`
})

const pauseCollection = about(live, ({ id, pauseCollection: paused }, { world }) => {
  world.actions.pauseCollection(id, paused === null)
  return `${paused === null ? 'pause' : 'resume'} the collection of ${id}`
})

const expire = about(['incomplete'], ({ id }, { world }) => {
  world.actions.expireIncomplete(id)
  return `expire ${id}`
})

const unknown = about(live, ({ id }, { world }) => {
  world.actions.passThroughUnknown(id, 'hibernating')
  return `${id} hibernates`
})

const announce = about(live, ({ id }, { world }) => {
  world.actions.announceInvoice(id)
  return `announce an invoice of ${id}`
})

export const subscriptionMoves: readonly (readonly [weight: number, move: Move])[] = [
  [4, subscribe],
  [2, addItem],
  [2, removeItem],
  [3, changeItem],
  [3, changeOften],
  [2, propose],
  [3, settleUpdate],
  [5, renew],
  [3, endTrial],
  [3, cancel],
  [2, giveUp],
  [2, pause],
  [1, pauseCollection],
  [2, expire],
  [1, unknown],
  [1, announce],
]

import { createWorld } from '../create-world.ts'
import { priceOf } from '../prices.ts'
import type { World, WorldEvent } from '../types.ts'

/** Something that happens to the customer, and how Stripe's events of it come. */
export interface SceneScript {
  readonly title: string
  /** `in_reverse`: one after the other, the last first. */
  readonly arrival: 'all_at_once' | 'in_reverse'
}

export interface Scene extends SceneScript {
  /** What Stripe tells of it; the most telling one first. */
  readonly events: readonly WorldEvent[]
}

export interface Story {
  readonly world: World
  readonly user: string
  readonly scripts: readonly SceneScript[]
  /** The customer; null before the first scene. */
  customer(): string | null
  /** Plays up to a scene and gives it. What has happened does not happen again. @throws RangeError when there is none */
  scene(index: number): Scene
}

const basic = priceOf({ name: 'basic', currency: 'eur', unitAmount: 900 })
const pro = priceOf({ name: 'pro', currency: 'eur', unitAmount: 2900 })
/** The first of January 2026, seconds since 1970. */
const newYearS = 1_767_225_600
/** How long the story lasts by its own clock. */
const lengthS = 180
const betweenMs = 15_000

interface Act extends SceneScript {
  /** The type of event that tells most. */
  readonly tells: string
  readonly play: (world: World, user: string) => void
}

/**
 * A customer's life with a subscription: signup, trial, payments, upgrade, a failed renewal, refunds of which one fails,
 * a dispute, the end. Months are told in seconds, each scene as if it were now.
 *
 * @param seed makes the ids and, when it is a time since 2026 (seconds since 1970), is when the story ends. Nothing else
 * goes in: the same seed gives the same events to the last byte, which a hive that knows them answers as replays.
 */
export function tellStory(seed: number): Story {
  const startMs = Math.max(seed - lengthS, newYearS) * 1000
  const world = createWorld({ seed, startMs })
  const user = `00000000-0000-4000-8000-${String(seed).padStart(12, '0').slice(-12)}`
  const played: Scene[] = []
  const playNext = (): void => {
    const act = acts[played.length]
    if (act === undefined) throw new RangeError(`The story has ${acts.length} scenes.`)
    world.advanceTo(startMs + played.length * betweenMs)
    const before = world.events().length
    act.play(world, user)
    const told = world.events().slice(before)
    const events = told.toSorted((a, b) => Number(b.type === act.tells) - Number(a.type === act.tells))
    played.push({ title: act.title, arrival: act.arrival, events })
  }
  return {
    world,
    user,
    scripts: acts,
    customer: () => world.final().customer[0]?.id ?? null,
    scene: (index) => {
      while (played.length <= index) playNext()
      return played[index] as Scene
    },
  }
}

const the = <T>(list: readonly T[]): T => {
  const last = list.at(-1)
  if (last === undefined) throw new RangeError('That has not happened yet.')
  return last
}

const subscription = (world: World) => the(world.final().subscription)

const acts: readonly Act[] = [
  {
    title: 'Signs up and starts a trial',
    tells: 'checkout.session.completed',
    arrival: 'all_at_once',
    play: (world, user) => {
      const lines = [{ price: basic }]
      const session = world.actions.openCheckout({ mode: 'subscription', customer: null, user, lines })
      world.actions.completeCheckout(session.id, 'trial')
    },
  },
  {
    title: 'The trial ends, the first payment',
    tells: 'invoice.paid',
    arrival: 'all_at_once',
    play: (world) => void world.actions.endTrial(subscription(world).id, 'paid'),
  },
  {
    title: 'Upgrades and pays the difference',
    tells: 'customer.subscription.updated',
    arrival: 'all_at_once',
    play: (world) => {
      const { id, items } = subscription(world)
      world.actions.changeItem(id, the(items).id, { price: pro }, true)
    },
  },
  {
    title: 'Two changes in a second, told reversed',
    tells: 'customer.subscription.updated',
    arrival: 'in_reverse',
    play: (world) => {
      const { id, items } = subscription(world)
      for (const quantity of [2, 3]) world.actions.changeItem(id, the(items).id, { price: pro, quantity })
    },
  },
  {
    title: 'The renewal fails',
    tells: 'invoice.payment_failed',
    arrival: 'all_at_once',
    play: (world) => void world.actions.renew(subscription(world).id, 'failed'),
  },
  {
    title: 'A new card: the invoice is paid',
    tells: 'invoice.paid',
    arrival: 'all_at_once',
    play: (world) => void world.actions.pay(the(world.final().invoice).id),
  },
  {
    title: 'Ten euros are refunded',
    tells: 'charge.refunded',
    arrival: 'all_at_once',
    play: (world) => void world.actions.refund(the(world.final().charge).id, 1000),
  },
  {
    title: 'The refund fails, the money is back',
    tells: 'refund.failed',
    arrival: 'all_at_once',
    play: (world) => void world.actions.settleRefund(the(world.final().refund).id, 'failed'),
  },
  {
    title: 'The first payment is disputed',
    tells: 'charge.dispute.funds_withdrawn',
    arrival: 'all_at_once',
    play: (world) => {
      const [charge] = world.final().charge
      const { id } = world.actions.openDispute(charge?.id ?? '')
      world.actions.withdrawFunds(id)
    },
  },
  {
    title: 'The dispute is lost',
    tells: 'charge.dispute.closed',
    arrival: 'all_at_once',
    play: (world) => void world.actions.closeDispute(the(world.final().dispute).id, 'lost'),
  },
  {
    title: 'Cancels; the subscription ends',
    tells: 'customer.subscription.deleted',
    arrival: 'all_at_once',
    play: (world) => void world.actions.cancel(subscription(world).id, 'now'),
  },
]

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { priceOf, type World } from '../../../src/local/stripe/index.ts'
import { createDatabase, type TestDatabase } from '../../support/index.ts'
import type { Delivery, History } from '../../world/index.ts'
import { calm } from './chaos.ts'
import { type Lane, openLane } from './lane.ts'
import { type Played, type PlayOptions, playHistory } from './play-history.ts'
import type { Row } from './recorder.ts'
import { atFullSecond, later, scriptOf } from './script-of.ts'

const monthly = priceOf({ name: 'team', currency: 'usd', unitAmount: 4_900 })
const seats = priceOf({ name: 'seats', currency: 'usd', unitAmount: 900 })
const largest = Number.MAX_SAFE_INTEGER

let database: TestDatabase
let lane: Lane
beforeAll(async () => {
  database = await createDatabase()
  lane = await openLane(database.url)
})
afterAll(async () => {
  await lane?.close()
  await database?.drop()
})

/** Plays it and holds it to everything that every history promises. */
async function play(script: History, options: PlayOptions = {}): Promise<Played> {
  const played = await playHistory(lane, script, { chaos: calm, ...options })
  expect(played.problems).toEqual([])
  return played
}

const rowsOf = ({ remains }: Played, table: string): readonly Row[] => remains.tables[table] ?? []
const only = (played: Played, table: string): Row => {
  const [row, ...others] = rowsOf(played, table)
  if (row === undefined || others.length > 0)
    throw new Error(`expected one row in ${table}, found ${others.length + 1}`)
  return row
}

/** A customer who has bought something, once. */
function bought(world: World, amount = 10_000, currency = 'usd') {
  const customer = world.actions.createCustomer()
  const intent = world.actions.startPayment({ customer: customer.id, amount, currency })
  const paid = world.actions.confirmPayment(intent.id, 'paid')
  return { customer: customer.id, charge: String(paid.latestCharge) }
}

function subscribed(world: World): string {
  const { id: customer } = world.actions.createCustomer()
  const lines = [{ price: monthly }, { price: seats, quantity: 3 }]
  const session = world.actions.openCheckout({ mode: 'subscription', customer, user: 'user-1', lines })
  return String(world.actions.completeCheckout(session.id, 'at_once').subscription)
}

describe('order', () => {
  describe.each(['as they were made', 'the other way round'])('two events of the same second, %s', (order) => {
    it.each([true, false])('Stripe can be read: %s', async (well) => {
      const script = scriptOf(
        (world) => {
          const subscription = subscribed(world)
          later(world)
          atFullSecond(world)
          world.actions.pauseCollection(subscription, true)
          world.actions.cancel(subscription, 'period_end')
        },
        (events) => {
          const updates = events.filter(({ type }) => type === 'customer.subscription.updated')
          const [first, second] = updates.slice(-2)
          expect(first?.created).toBe(second?.created)
          const others = events.filter((event) => event !== first && event !== second)
          const last = order === 'as they were made' ? [first, second] : [second, first]
          return [...others, ...last.filter((event) => event !== undefined)]
        },
      )
      const played = await play(script, { stripeDown: !well })
      expect(only(played, 'subscriptions')).toMatchObject({ collection_paused: true, cancel_at_period_end: true })
    })
  })

  it('a read that began earlier and ends later than another one is refused', async () => {
    let secondMs = 0
    const script = scriptOf(
      (world) => {
        const subscription = subscribed(world)
        later(world)
        atFullSecond(world)
        secondMs = world.nowMs()
        world.actions.pauseCollection(subscription, true)
        world.actions.pauseCollection(subscription, false)
        // Of the same second, but after the first read has been answered.
        world.advanceTo(secondMs + 800)
        world.actions.cancel(subscription, 'period_end')
      },
      (events) => events.map((event): Delivery => ({ event, atMs: event.atMs + 1, form: 'snapshot' })),
    )
    let slow: boolean | undefined
    const readWaysMs = (atMs: number) => {
      const isFirst = slow === undefined && atMs >= secondMs
      if (isFirst) slow = true
      return isFirst ? ([1, 5_000] as const) : ([1, 1] as const)
    }
    const played = await play(script, { chaos: { ...calm, latencyMs: 5, readWaysMs } })
    const updates = script.world.events().filter(({ type }) => type === 'customer.subscription.updated')
    const states = updates
      .slice(-3)
      .map(({ id }) => rowsOf(played, 'events').find((row) => row['id'] === id)?.['state'])
    expect(states).toEqual(['applied', 'stale', 'applied'])
    expect(only(played, 'subscriptions')).toMatchObject({ collection_paused: false, cancel_at_period_end: true })
  })

  it('wall clocks of executors, five minutes wrong either way, change nothing', async () => {
    const live = (world: World) => {
      const subscription = subscribed(world)
      atFullSecond(world)
      world.actions.pauseCollection(subscription, true)
      world.actions.pauseCollection(subscription, false)
      later(world)
      world.actions.cancel(subscription, 'now')
    }
    const rows = async (clockSkewMs: number) => {
      const played = await play(
        scriptOf(live, (events) => events.toReversed()),
        { chaos: { ...calm, clockSkewMs } },
      )
      return played.remains.tables['subscriptions']
    }
    expect(await rows(300_000)).toEqual(await rows(0))
  })

  it('deleted, and an older event says that it is active', async () => {
    const script = scriptOf(
      (world) => {
        const subscription = subscribed(world)
        later(world)
        world.actions.renew(subscription)
        later(world)
        world.actions.cancel(subscription, 'now')
      },
      (events) => [
        ...events.filter(({ type }) => type.endsWith('subscription.deleted')),
        ...events.filter(({ type }) => !type.endsWith('subscription.deleted')),
      ],
    )
    const played = await play(script)
    expect(only(played, 'subscriptions')).toMatchObject({ status: 'canceled' })
    expect(rowsOf(played, 'events').filter(({ state }) => state === 'stale').length).toBeGreaterThan(0)
  })

  it('an item is removed, and an older event still has it', async () => {
    const script = scriptOf(
      (world) => {
        const subscription = subscribed(world)
        later(world)
        const item = world.versions('subscription', subscription).at(-1)?.object.items.at(-1)?.id ?? ''
        world.actions.changeItem(subscription, item, { price: seats, quantity: 7 })
        later(world)
        world.actions.removeItem(subscription, item)
      },
      (events) => events.toReversed(),
    )
    expect(rowsOf(await play(script), 'subscription_items')).toHaveLength(1)
  })

  it('a snapshot and its thin twin are one event, whichever comes first', async () => {
    for (const forms of [
      ['snapshot', 'thin'],
      ['thin', 'snapshot'],
    ] as const) {
      const script = scriptOf(
        (world) => void subscribed(world),
        (events) => {
          const fromMs = Math.max(...events.map(({ atMs }) => atMs)) + 1_000
          return events.flatMap((event, index) =>
            forms.map((form, twin): Delivery => ({ event, form, atMs: fromMs + index * 1_000 + twin * 300 })),
          )
        },
      )
      const played = await play(script)
      expect(rowsOf(played, 'events')).toHaveLength(script.world.events().length)
    }
  })
})

describe('money', () => {
  it('three partial refunds, of which one fails later, in any order', async () => {
    const script = (turn: number) =>
      scriptOf(
        (world) => {
          const { charge } = bought(world)
          const refunds = [1_000, 2_500, 500].map((amount) => {
            later(world, 5_000)
            return world.actions.refund(charge, amount)
          })
          later(world)
          world.actions.settleRefund(refunds[1]?.id ?? '', 'failed')
        },
        (events) => [...events.slice(turn), ...events.slice(0, turn)],
      )
    const { length } = script(0).deliveries
    for (let turn = 0; turn < length; turn += 1) {
      const played = await play(script(turn))
      expect(only(played, 'payment_nets')).toMatchObject({
        amount_paid: 10_000,
        amount_refunded: 1_500,
        amount_net: 8_500,
      })
    }
  })

  it('a dispute lost on a partially refunded charge', async () => {
    const script = scriptOf(
      (world) => {
        const { charge } = bought(world)
        later(world)
        world.actions.refund(charge, 3_000)
        later(world)
        const dispute = world.actions.openDispute(charge, { amount: 7_000 })
        world.actions.withdrawFunds(dispute.id)
        later(world)
        world.actions.closeDispute(dispute.id, 'lost')
      },
      (events) => events.toReversed(),
    )
    const played = await play(script)
    expect(only(played, 'payment_nets')).toMatchObject({ amount_refunded: 3_000, amount_lost: 7_000, amount_net: 0 })
  })

  it.each([
    ['jpy', 5_000, 1_200],
    ['kwd', 12_340, 1_230],
    ['usd', largest, 1],
  ])('%s: %d, of which %d go back, to the last unit', async (currency, amount, back) => {
    const script = scriptOf((world) => {
      const { charge } = bought(world, amount, currency)
      later(world)
      world.actions.refund(charge, back)
    })
    const played = await play(script)
    const net = amount - back
    expect(only(played, 'payment_nets')).toMatchObject({ currency, amount_paid: amount, amount_net: net })
    const [text] = await lane.recorder.query('select amount::text as amount from finance.charges')
    expect(text).toEqual({ amount: String(amount) })
  })
})

describe('Stripe is away', () => {
  it('for the whole of a history, then back: what is certain is applied at once, the rest when it can be read', async () => {
    const script = scriptOf(
      (world) => {
        const subscription = subscribed(world)
        later(world)
        atFullSecond(world)
        world.actions.pauseCollection(subscription, true)
        world.actions.cancel(subscription, 'period_end')
        const { charge } = bought(world)
        world.actions.refund(charge, 100)
        world.actions.refund(charge, 200)
      },
      (events) => events.toReversed(),
    )
    const played = await play(script, { stripeDown: true })
    expect(played.figures.parked).toBeGreaterThan(0)
  })
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { appliedType } from '../../../../bees/finance/event-types.ts'
import { createWorld, priceOf, type StripeApi, startStripeApi, type World } from '../../../../src/local/stripe/index.ts'
import { compare, oracle } from '../../../world/index.ts'
import { type StripeHive, stripeHive } from './stripe-hive.ts'

const pro = { price: priceOf({ name: 'pro', currency: 'eur', unitAmount: 1000 }) }

let world: World
let api: StripeApi
let hive: StripeHive

beforeEach(async () => {
  world = createWorld({ seed: 11, accounts: ['acct_1colonybees'] })
  api = await startStripeApi({ worlds: [world] })
  hive = await stripeHive({ STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_API_URL: api.url })
})

afterEach(async () => {
  await hive.close()
  await api.close()
})

const unpark = (options = {}) => hive.run('unpark_stripe', {}, options)
const parked = () => hive.rows(`select id from finance.events where state = 'parked' and waits_for = 'stripe'`)

/** Several changes in one second, told the other way round. */
async function sameSecond(account = 'self'): Promise<void> {
  const { actions } = world
  const customer = actions.createCustomer({ account }).id
  const session = actions.openCheckout({ mode: 'subscription', customer, user: `user-${account}`, lines: [pro] })
  const subscription = actions.completeCheckout(session.id).subscription ?? ''
  for (const paused of [true, false, true]) actions.pauseCollection(subscription, paused)
  const told = world.events().filter((event) => event.account === account && appliedType(event.type) !== undefined)
  await hive.deliver(...told.toReversed())
}

it('settles what could not be read while Stripe was away', async () => {
  api.faults.setOutage(true)
  await sameSecond()
  await sameSecond('acct_1colonybees')
  const waiting = (await parked()).length
  expect(waiting).toBeGreaterThan(1)

  const away = await unpark()
  expect(away.output).toMatchObject({ read: 0, settled: 0, left: waiting, problem: 'unavailable' })
  expect(away.output['oldest_age_s']).toBeGreaterThan(0)
  expect(away.counts['left']).toBe(waiting)
  expect(away.counts['problem']).toBe(1)

  api.faults.setOutage(false)
  const back = await unpark()
  expect(back.output).toMatchObject({ settled: waiting, left: 0, oldest_age_s: null, problem: null })
  expect(back.counts['settled']).toBe(waiting)
  expect(await parked()).toEqual([])
  expect(compare(await hive.actual(), oracle(world))).toEqual([])
})

it('costs one transaction when nothing waits', async () => {
  const { output, transactions } = await unpark()
  expect(output).toEqual({ read: 0, settled: 0, left: 0, oldest_age_s: null, problem: null })
  expect(transactions).toBe(1)
  expect(api.requests).toHaveLength(0)
})

it('reads every object once, however many events wait for it', async () => {
  api.faults.setOutage(true)
  await sameSecond()
  const objects = await hive.rows(
    `select distinct object from finance.events where waits_for = 'stripe' and state = 'parked'`,
  )
  expect((await parked()).length).toBeGreaterThan(objects.length)
  api.faults.setOutage(false)
  const before = api.requests.length
  expect((await unpark()).output).toMatchObject({ read: objects.length, left: 0 })
  expect(api.requests.length - before).toBe(objects.length)
})

it('leaves for the next run what there is no time for', async () => {
  api.faults.setOutage(true)
  await sameSecond()
  await sameSecond('acct_1colonybees')
  api.faults.setOutage(false)
  const first = await unpark({ timeIsUpAfter: 3 })
  expect(first.output['read']).toBe(1)
  expect(first.output['left']).toBeGreaterThan(0)
  expect((await unpark()).output).toMatchObject({ left: 0 })
})

it('goes on with the others where one object cannot be read', async () => {
  api.faults.setOutage(true)
  await sameSecond()
  api.faults.setOutage(false)
  api.faults.add({ kind: 'forbidden', path: '/v1/subscriptions/', times: null })
  const { output } = await unpark()
  expect(output['problem']).toBe('forbidden')
  expect(output['read']).toBeGreaterThan(0)
  expect(output['left']).toBeGreaterThan(0)
  api.faults.clear()
  expect((await unpark()).output).toMatchObject({ left: 0, problem: null })
})

import { expect, it } from 'vitest'
import { toldOf } from '../../bees/finance/objects/told-of.ts'
import { createStripeReader } from '../../bees/finance/stripe/create-reader.ts'
import { createWorld, type Kind, startStripeApi } from '../../src/local/stripe/index.ts'
import { namedPrice } from './catalogue.ts'
import { rows, shapeBound, tables } from './expected-rows.ts'
import { history } from './index.ts'

const options = { signal: new AbortController().signal, timeoutMs: 5_000 }
const accounts = ['acct_1colonybees']

it("the bee's reader reads every object of a world, in its account and mode, and says what the world says", async () => {
  const { world } = history(3, { actions: 60, customers: 3, accounts })
  await using stack = new AsyncDisposableStack()
  const api = await startStripeApi({ worlds: [world] })
  stack.defer(api.close)
  const reader = createStripeReader({ STRIPE_API_URL: api.url, STRIPE_SECRET_KEY: 'sk_test_bees,rk_live_bees' })
  const final = world.final()
  let read = 0
  for (const kind of Object.keys(tables) as Kind[]) {
    for (const object of final[kind]) {
      const { account, livemode, id } = object
      const reply = await reader.read({ kind, object: id, account, livemode }, options)
      read += 1
      const right: Record<string, unknown> = { ...rows[kind](object as never) }
      expect(reply.found, id).toBe(right['status'] !== 'deleted')
      if (!reply.found) continue
      const [told] = toldOf(kind, reply.object)
      for (const member of [...(shapeBound[tables[kind]] ?? []), 'user_id', 'known_status']) {
        if (kind !== 'checkout_session') delete right[member]
      }
      expect({ ...told?.fact, customer: told?.customer }, id).toMatchObject(right)
    }
  }
  expect(read).toBeGreaterThan(100)
})

it("the bee's reader brings all of a list that an object shows a part of", async () => {
  const world = createWorld({ seed: 21 })
  const { id: customer } = world.actions.createCustomer()
  const lines = Array.from({ length: 23 }, (_, n) => ({ price: namedPrice(`seat${n}`, 'eur') }))
  const { id } = world.actions.subscribe({ customer, lines })
  const charge = world.final().charge[0]?.id ?? ''
  for (let n = 0; n < 14; n += 1) world.actions.refund(charge, 1)
  await using stack = new AsyncDisposableStack()
  const api = await startStripeApi({ worlds: [world] })
  stack.defer(api.close)
  const reader = createStripeReader({ STRIPE_API_URL: api.url, STRIPE_SECRET_KEY: 'sk_test_bees' })
  const own = { account: 'self', livemode: false }
  const subscription = await reader.read({ ...own, kind: 'subscription', object: id }, options)
  const [told] = toldOf('subscription', subscription.found ? subscription.object : undefined)
  expect(told?.kind === 'subscription' && told.fact.items).toHaveLength(23)
  const paid = await reader.read({ ...own, kind: 'charge', object: charge }, options)
  expect(toldOf('charge', paid.found ? paid.object : undefined)).toHaveLength(15)
})

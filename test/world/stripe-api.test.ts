import Stripe from 'stripe'
import { afterEach, expect, it } from 'vitest'
import {
  createWorld,
  type StripeApi,
  scenePath,
  sceneReply,
  startLocalStripe,
  startStripeApi,
  type World,
} from '../../src/local/stripe/index.ts'
import { namedPrice } from './catalogue.ts'

let api: StripeApi | undefined
afterEach(async () => {
  await api?.close()
  api = undefined
})

async function serve(world: World, options: { readonly nowMs?: () => number; readonly ratePerS?: number } = {}) {
  api = await startStripeApi({ worlds: [world], faultControl: true, ...options })
  return api
}

const client = (at: StripeApi, key = 'sk_test_bees', config: Partial<Stripe.StripeConfig> = {}) =>
  new Stripe(key, {
    host: '127.0.0.1',
    port: at.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 2_000,
    httpClient: Stripe.createFetchHttpClient(),
    ...config,
  })

function subscribed() {
  const world = createWorld({ seed: 11, accounts: ['acct_1x'] })
  const { id: customer } = world.actions.createCustomer()
  const { id: subscription } = world.actions.subscribe({ customer, lines: [{ price: namedPrice('pro', 'eur') }] })
  const [invoice] = world.final().invoice
  const [charge] = world.final().charge
  return { world, customer, subscription, invoice: invoice?.id ?? '', charge: charge?.id ?? '' }
}

const failure = (work: Promise<unknown>): Promise<Stripe.errors.StripeError> =>
  work.then(
    () => Promise.reject(new Error('it was answered')),
    (error: Stripe.errors.StripeError) => error,
  )

it('shows every kind of object to stripe-node, and what was asked to be in full', async () => {
  const { world, customer, subscription, invoice, charge } = subscribed()
  world.actions.refund(charge, 100)
  const stripe = client(await serve(world))
  expect(await stripe.subscriptions.retrieve(subscription)).toMatchObject({ status: 'active', customer })
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ id: customer, currency: 'eur' })
  const paid = await stripe.invoices.retrieve(invoice, { expand: ['payments', 'customer'] })
  expect(paid.customer).toMatchObject({ id: customer, object: 'customer' })
  expect(paid.payments?.data[0]).toMatchObject({ status: 'paid', amount_paid: 2900 })
  expect(paid.parent?.subscription_details?.subscription).toBe(subscription)
  const refunded = await stripe.charges.retrieve(charge, { expand: ['refunds'] })
  expect(refunded).toMatchObject({ amount: 2900, amount_refunded: 100 })
  expect(refunded.refunds?.data[0]).toMatchObject({ amount: 100, charge })
  expect((await stripe.charges.retrieve(charge)).refunds).toBeUndefined()
})

it('shows old versions the old shape', async () => {
  const { world, subscription, invoice, charge } = subscribed()
  const stripe = client(await serve(world))
  const old = { apiVersion: '2024-12-18.acacia' }
  const seen = (await stripe.subscriptions.retrieve(subscription, {}, old)) as unknown as Record<string, unknown>
  expect(seen['current_period_end']).toBeTypeOf('number')
  expect(await stripe.invoices.retrieve(invoice, {}, old)).toMatchObject({ paid: true, subscription, charge })
  expect(await stripe.charges.retrieve(charge, {}, old)).toMatchObject({ invoice, refunds: { data: [] } })
})

it('lists by pages, filters and ranges', async () => {
  const world = createWorld({ seed: 5 })
  const made = Array.from({ length: 25 }, () => {
    world.advanceTo(world.nowMs() + 1_000)
    return world.actions.createCustomer().id
  })
  const at = await serve(world)
  const stripe = client(at)
  const all: string[] = []
  for await (const { id } of stripe.customers.list({ limit: 10 })) all.push(id)
  expect(all).toEqual(made.toReversed())
  const since = world.final().customer[20]?.createdS ?? 0
  expect((await stripe.customers.list({ created: { gte: since } })).data).toHaveLength(5)
  at.markDelivered(world.events()[3]?.id ?? '', true)
  const undelivered = await stripe.events.list({ delivery_success: false, limit: 100 })
  expect(undelivered.data).toHaveLength(24)
  expect(undelivered.data[0]).toMatchObject({ id: world.events().at(-1)?.id, pending_webhooks: 1 })
  expect((await stripe.events.list({ delivery_success: true })).data).toHaveLength(1)
  expect((await stripe.events.list({ types: ['customer.deleted'] })).data).toHaveLength(0)
})

it('shows ten of many inside of an object, and all of them in a list', async () => {
  const { world, customer } = subscribed()
  const lines = Array.from({ length: 12 }, (_, n) => ({ price: namedPrice(`seat${n}`, 'eur') }))
  const { id } = world.actions.subscribe({ customer, lines })
  const { latestCharge } = world.final().payment_intent.at(-1) ?? {}
  for (let n = 0; n < 12; n += 1) world.actions.refund(latestCharge ?? '', 1)
  const stripe = client(await serve(world))
  const { items } = await stripe.subscriptions.retrieve(id)
  expect([items.data.length, items.has_more]).toEqual([10, true])
  const all: string[] = []
  for await (const item of stripe.subscriptionItems.list({ subscription: id, limit: 5 })) all.push(item.price.id)
  expect(all).toEqual(lines.map(({ price }) => price.id))
  const { refunds } = await stripe.charges.retrieve(latestCharge ?? '', { expand: ['refunds'] })
  expect([refunds?.data.length, refunds?.has_more]).toEqual([10, true])
  expect((await stripe.refunds.list({ charge: latestCharge ?? '', limit: 100 })).data).toHaveLength(12)
  const inside = await stripe.rawRequest('GET', `/v1/charges/${latestCharge}/refunds?limit=100`)
  expect(inside).toMatchObject({ object: 'list', has_more: false })
})

it('leaves canceled subscriptions out of lists unless asked', async () => {
  const { world, subscription, customer } = subscribed()
  world.actions.cancel(subscription, 'now')
  const stripe = client(await serve(world))
  expect((await stripe.subscriptions.list({ customer })).data).toEqual([])
  expect((await stripe.subscriptions.list({ customer, status: 'all' })).data[0]?.id).toBe(subscription)
  expect((await stripe.subscriptions.list({ status: 'ended' })).data).toHaveLength(1)
})

it('keeps accounts and modes apart', async () => {
  const { world, customer } = subscribed()
  const theirs = world.actions.createCustomer({ account: 'acct_1x' }).id
  const live = world.actions.createCustomer({ livemode: true }).id
  const at = await serve(world)
  const stripe = client(at)
  expect((await failure(stripe.customers.retrieve(theirs))).statusCode).toBe(404)
  expect(await stripe.customers.retrieve(theirs, {}, { stripeAccount: 'acct_1x' })).toMatchObject({ id: theirs })
  expect((await failure(stripe.customers.retrieve(customer, {}, { stripeAccount: 'acct_1x' }))).statusCode).toBe(404)
  expect(await failure(stripe.customers.retrieve(customer, {}, { stripeAccount: 'acct_other' }))).toMatchObject({
    statusCode: 403,
    code: 'account_invalid',
  })
  const wrongMode = await failure(stripe.customers.retrieve(live))
  expect(wrongMode).toMatchObject({ statusCode: 404, code: 'resource_missing' })
  expect(wrongMode.message).toContain('a similar object exists in live mode')
  expect(await client(at, 'rk_live_bees').customers.retrieve(live)).toMatchObject({ livemode: true })
})

it('answers as Stripe does what cannot be answered', async () => {
  const { world, subscription, customer } = subscribed()
  const at = await serve(world)
  const stripe = client(at)
  expect(await failure(client(at, 'nonsense').customers.retrieve(customer))).toMatchObject({ statusCode: 401 })
  expect(await failure(stripe.subscriptions.retrieve('sub_none'))).toMatchObject({ code: 'resource_missing' })
  expect(await failure(stripe.subscriptions.retrieve(subscription, { expand: ['payments'] }))).toMatchObject({
    statusCode: 400,
    code: 'property_not_expandable',
  })
  expect(await failure(stripe.customers.list({ limit: 101 }))).toMatchObject({ statusCode: 400 })
  const unknown = stripe.customers.list({ colour: 'green' } as Stripe.CustomerListParams)
  expect(await failure(unknown)).toMatchObject({ code: 'parameter_unknown' })
  expect(await failure(stripe.customers.create({}))).toMatchObject({ statusCode: 404 })
  world.actions.deleteCustomer(customer)
  expect(await stripe.customers.retrieve(customer)).toEqual(
    expect.objectContaining({ id: customer, object: 'customer', deleted: true }),
  )
  expect((await stripe.customers.list()).data).toEqual([])
})

it('says its own time, and shows that moment', async () => {
  const { world, subscription } = subscribed()
  const beforeMs = world.nowMs()
  world.advanceTo(beforeMs + 3_600_000)
  world.actions.cancel(subscription, 'now')
  let nowMs = beforeMs
  const stripe = client(await serve(world, { nowMs: () => nowMs }))
  const then = await stripe.subscriptions.retrieve(subscription)
  expect(then.status).toBe('active')
  expect(new Headers(then.lastResponse.headers).get('date')).toBe(new Date(beforeMs).toUTCString())
  expect((await stripe.events.list({ limit: 100 })).data.some(({ type }) => type.endsWith('deleted'))).toBe(false)
  nowMs = world.nowMs()
  expect((await stripe.subscriptions.retrieve(subscription)).status).toBe('canceled')
  nowMs += 31 * 86_400_000
  expect((await stripe.events.list()).data).toEqual([])
})

it('refuses more than its rate, and misbehaves on demand', async () => {
  const { world, customer } = subscribed()
  const at = await serve(world, { ratePerS: 3 })
  const stripe = client(at, 'sk_test_bees', { timeout: 300 })
  const many = await Promise.allSettled(Array.from({ length: 8 }, () => stripe.customers.retrieve(customer)))
  expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  await at.close()

  const calm = await serve(world)
  const caller = client(calm, 'sk_test_bees', { timeout: 300 })
  const once = () => failure(caller.customers.retrieve(customer))
  const expected = {
    rate_limit: { statusCode: 429, code: 'rate_limit' },
    lock_timeout: { statusCode: 429, code: 'lock_timeout' },
    server_error: { statusCode: 500, type: 'StripeAPIError' },
    unauthorized: { statusCode: 401 },
    forbidden: { statusCode: 403 },
    hang: { type: 'StripeConnectionError' },
    reset: { type: 'StripeConnectionError' },
    not_json: { type: 'StripeAPIError' },
  } as const
  for (const [kind, error] of Object.entries(expected)) {
    calm.faults.add({ kind: kind as keyof typeof expected, path: '/v1/customers' })
    // A connection that is closed at once is tried again by the library itself.
    if (kind === 'reset') calm.faults.add({ kind: 'reset' })
    expect(await once(), kind).toMatchObject(error)
    calm.faults.clear()
  }
  for (const kind of ['drip', 'stall'] as const) {
    calm.faults.add({ kind, delayMs: 20 })
    expect(await once(), kind).toBeInstanceOf(Error)
  }
  calm.faults.add({ kind: 'latency', delayMs: 50 })
  expect(await caller.customers.retrieve(customer)).toMatchObject({ id: customer })
  calm.faults.setOutage(true)
  expect(await once()).toMatchObject({ type: 'StripeConnectionError' })
  calm.faults.setOutage(false)
  expect(await caller.customers.retrieve(customer)).toMatchObject({ id: customer })
})

it('takes faults over HTTP from whoever has a key', async () => {
  const at = await serve(createWorld({ seed: 1 }))
  const post = (headers: Record<string, string>, body: unknown) =>
    fetch(`${at.url}/__faults`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect((await post({}, { outage: true })).status).toBe(401)
  const key = { authorization: 'Bearer sk_test_bees' }
  expect((await post(key, { kind: 'nonsense' })).status).toBe(400)
  expect(await (await post(key, { kind: 'server_error', times: 2 })).json()).toMatchObject({ faults: [{ times: 2 }] })
  expect((await post(key, { outage: true })).status).toBe(200)
  expect(at.faults.outage()).toBe(true)
})

it('of a local hive tells stories, remembers those of earlier runs, and calls nothing missing that it never knew', async () => {
  const start = async () => {
    api = await startLocalStripe({ port: 0, key: 'sk_test_localkey', webhookSecret: 'whsec_x', faultControl: false })
    return api
  }
  const first = await start()
  const ask = (at: StripeApi, body: unknown, key = 'sk_test_localkey') =>
    fetch(`${at.url}${scenePath}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    })
  expect((await ask(first, { seed: 5, scene: 0 }, 'sk_test_other')).status).toBe(401)
  expect((await ask(first, { seed: 5, scene: 99 })).status).toBe(404)
  const told = sceneReply.parse(await (await ask(first, { seed: 5, scene: 0 })).json())
  expect(sceneReply.parse(await (await ask(first, { seed: 5, scene: 0 })).json())).toMatchObject({
    events: told.events,
  })
  const { customer } = told
  expect(await client(first, 'sk_test_localkey').customers.retrieve(customer)).toMatchObject({ id: customer })
  await first.close()

  const stripe = client(await start(), 'sk_test_localkey')
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ id: customer })
  expect(await failure(stripe.invoices.retrieve('in_ofnoworld'))).toMatchObject({ statusCode: 403 })
  expect(await failure(client(api as StripeApi, 'sk_test_other').customers.retrieve(customer))).toMatchObject({
    statusCode: 401,
  })
})

import { inspect } from 'node:util'
import Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import type { StripeParts } from '../../../../bees/finance/stripe/call-stripe.ts'
import { createStripeReader } from '../../../../bees/finance/stripe/create-reader.ts'
import { type ReadOptions, type StripeObject, StripeReadError } from '../../../../bees/finance/stripe/reader.ts'
import { until } from '../../../support/index.ts'
import {
  type Answering,
  cut,
  drip,
  type FaultServer,
  hang,
  json,
  raw,
  reset,
  stall,
  startFaultServer,
  stripeError,
} from './fault-server.ts'

const key = 'sk_test_51secretSECRET'
const charge: StripeObject = { account: 'self', livemode: false, kind: 'charge', object: 'ch_1' }
const found = json(200, { id: 'ch_1', object: 'charge' })
const open: FaultServer[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function serve(...answers: readonly Answering[]) {
  const server = await startFaultServer(...answers)
  open.push(server)
  const reading = (parts: StripeParts = {}) =>
    createStripeReader({ STRIPE_SECRET_KEY: key, STRIPE_API_URL: server.url }, { random: () => 0, ...parts })
  const usual = reading()
  const read = (options: Partial<ReadOptions> = {}, object = charge) =>
    usual.read(object, { signal: new AbortController().signal, timeoutMs: 2000, ...options })
  return { server, read, reading }
}

/** What it fails with; neither the key nor an id nor Stripe's text may be in it, however deep one looks. */
async function problemOf(reading: Promise<unknown>): Promise<StripeReadError> {
  const thrown = await reading.then(
    (value) => {
      throw new Error(`expected a failure, received ${inspect(value)}`)
    },
    (error: unknown) => error,
  )
  if (!(thrown instanceof StripeReadError)) throw thrown
  expect(inspect(thrown, { depth: 20, showHidden: true })).not.toMatch(/51secret|ch_1|ch_hidden|sk_test_secret/)
  return thrown
}

describe('a read', () => {
  it('asks as the account, with the key, and tells what Stripe says and when', async () => {
    const { server, read } = await serve(json(200, { id: 'ch_1' }, { date: 'Mon, 02 Feb 2026 10:00:07 GMT' }))
    const reply = await read({}, { ...charge, account: 'acct_1' })
    expect(reply).toMatchObject({ found: true, object: { id: 'ch_1' }, dateS: Date.UTC(2026, 1, 2, 10, 0, 7) / 1000 })
    expect(reply.elapsedMs).toBeGreaterThan(0)
    expect(reply.elapsedMs).toBeLessThan(2000)
    const [request] = server.seen
    expect(request?.method).toBe('GET')
    expect(request?.url).toBe('/v1/charges/ch_1?expand%5B%5D=refunds')
    expect(request?.headers['authorization']).toBe(`Bearer ${key}`)
    expect(request?.headers['stripe-account']).toBe('acct_1')
  })

  it('asks as nobody else for the own account', async () => {
    const { server, read } = await serve(found)
    await read()
    expect(server.seen[0]?.headers).not.toHaveProperty('stripe-account')
  })

  it('measures the answer that counted, not the tries before it', async () => {
    const { read } = await serve(stripeError(429, 'lock_timeout'), found)
    const startMs = performance.now()
    const reply = await read()
    expect(performance.now() - startMs).toBeGreaterThan(990)
    expect(reply.elapsedMs).toBeLessThan(900)
  })

  it('keeps an id from becoming a path', async () => {
    const { server, read } = await serve(json(200, { id: '../x?y' }))
    await read({}, { ...charge, kind: 'customer', object: '../x?y' })
    expect(server.seen[0]?.url).toBe('/v1/customers/..%2Fx%3Fy')
  })

  it('tells a deleted customer from one that never was', async () => {
    const stub = { id: 'cus_1', object: 'customer', deleted: true }
    const { read } = await serve(json(200, stub), stripeError(404, 'resource_missing'))
    const customer: StripeObject = { ...charge, kind: 'customer', object: 'cus_1' }
    expect(await read({}, customer)).toMatchObject({ found: true, object: stub })
    const missing = await read({}, customer)
    expect(missing.found).toBe(false)
    expect(Math.abs(missing.dateS - Date.now() / 1000)).toBeLessThan(5)
  })

  it('believes no other object', async () => {
    const { read } = await serve(json(200, { id: 'ch_2' }))
    expect((await problemOf(read())).problem).toBe('unavailable')
  })
})

describe('the time covers', () => {
  it.each([
    ['a body that drips', drip],
    ['a body that stalls', stall],
    ['silence', hang],
  ])('%s', async (_name, answering) => {
    const { server, read } = await serve(answering)
    const startMs = performance.now()
    const { problem } = await problemOf(read({ timeoutMs: 600 }))
    const tookMs = performance.now() - startMs
    expect(problem).toBe('unavailable')
    expect(tookMs).toBeGreaterThan(590)
    expect(tookMs).toBeLessThan(1500)
    await server.left
  })

  it('one try, so that the next has its chance', async () => {
    const { server, reading } = await serve(drip, found)
    const options = { signal: new AbortController().signal, timeoutMs: 3000 }
    expect(await reading({ tryMs: 300 }).read(charge, options)).toMatchObject({ found: true })
    expect(server.seen).toHaveLength(2)
    await server.left
  })

  it('nothing after an abort, which is told as it is', async () => {
    const { server, read } = await serve(hang)
    const stop = new AbortController()
    const reading = read({ signal: stop.signal, timeoutMs: 60_000 })
    const reason = new Error('stop now')
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await server.left
    expect(server.seen).toHaveLength(1)
  })
})

describe('repeats', () => {
  it.each([
    ['a reset connection', reset],
    ['a connection cut inside the body', cut],
    ['a server error', json(500, { error: { type: 'api_error', message: 'ch_hidden' } })],
    ['an error without its envelope', json(503, {})],
    ['a conflict', stripeError(409, 'idempotency_key_in_use')],
    ["a proxy's page", raw(502, '<html>ch_hidden</html>')],
    ["a proxy's refusal", raw(403, '<html>no</html>')],
    ['an empty 404', raw(404, '')],
    ['a bare word', raw(200, 'true', { 'content-type': 'application/json' })],
    ['a list', raw(200, '[]', { 'content-type': 'application/json' })],
    ['broken JSON', raw(200, '{"id":', { 'content-type': 'application/json' })],
    ['an error that is none', json(200, { error: true })],
    ['what it is told to repeat', stripeError(400, 'odd', { 'stripe-should-retry': 'true' })],
  ])('%s, four times and no more', async (_name, answering) => {
    const { server, read } = await serve(answering)
    expect((await problemOf(read())).problem).toBe('unavailable')
    expect(server.seen).toHaveLength(4)
  })

  it('an answer without a date', async () => {
    const { server, read } = await serve((request, response) => {
      response.sendDate = false
      found(request, response)
    }, found)
    expect(await read()).toMatchObject({ found: true })
    expect(server.seen).toHaveLength(2)
  })

  it('nothing that stripe-node would repeat behind our back', async () => {
    const { reading } = await serve(found)
    let calls = 0
    const broken: typeof fetch = () => {
      calls += 1
      return Promise.reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    }
    const httpClient = Stripe.createFetchHttpClient(broken)
    const bare = new Stripe(key, { httpClient, maxNetworkRetries: 0 })
    await expect(bare.charges.retrieve('ch_1')).rejects.toThrow(Stripe.errors.StripeConnectionError)
    expect(calls).toBe(2)
    calls = 0
    const options = { signal: new AbortController().signal, timeoutMs: 2000 }
    expect((await problemOf(reading({ fetch: broken }).read(charge, options))).problem).toBe('unavailable')
    expect(calls).toBe(4)
  })

  it.each([
    [
      'what it is told not to',
      json(500, { error: { type: 'api_error' } }, { 'stripe-should-retry': 'false' }),
      'unavailable',
    ],
    ['a request that Stripe refuses', stripeError(400, 'parameter_unknown'), 'unavailable'],
    ['a 404 that is not about the object', stripeError(404, 'unknown_url'), 'unavailable'],
    ['a wrong key', stripeError(401, 'api_key_invalid'), 'forbidden'],
    ['a missing right', stripeError(403, 'more_permissions_required'), 'forbidden'],
  ])('never %s', async (_name, answering, problem) => {
    const { server, read } = await serve(answering)
    expect((await problemOf(read())).problem).toBe(problem)
    expect(server.seen).toHaveLength(1)
  })
})

describe('the rate limit', () => {
  it('is waited for a second, then two', async () => {
    const { server, read } = await serve(stripeError(429, 'rate_limit'))
    const startMs = performance.now()
    expect((await problemOf(read({ timeoutMs: 3500 }))).problem).toBe('rate_limited')
    expect(performance.now() - startMs).toBeGreaterThan(2990)
    expect(server.seen).toHaveLength(3)
  })

  it('is not waited for when Stripe asks for more than there is', async () => {
    const { server, read } = await serve(stripeError(429, 'rate_limit', { 'retry-after': '30' }))
    const startMs = performance.now()
    expect((await problemOf(read({ timeoutMs: 5000 }))).problem).toBe('rate_limited')
    expect(performance.now() - startMs).toBeLessThan(1000)
    expect(server.seen).toHaveLength(1)
  })
})

describe('what comes back', () => {
  it('is not followed elsewhere with the key', async () => {
    const elsewhere = await serve(found)
    const { read } = await serve(raw(302, '', { location: `${elsewhere.server.url}/v1/charges/ch_1` }))
    expect((await problemOf(read())).problem).toBe('unavailable')
    expect(elsewhere.server.seen).toHaveLength(0)
  })

  it('is bounded', async () => {
    const { reading } = await serve(json(200, { id: 'ch_1', text: 'x'.repeat(2000) }))
    const options = { signal: new AbortController().signal, timeoutMs: 2000 }
    expect((await problemOf(reading({ mostBytes: 2000 }).read(charge, options))).problem).toBe('unavailable')
    expect(await reading({ mostBytes: 4000 }).read(charge, options)).toMatchObject({ found: true })
  })
})

describe('an outage', () => {
  it('costs the first few calls their time, and the next ones nothing', async () => {
    const { server, read } = await serve(reset, reset, reset, reset, reset, found)
    await problemOf(read())
    await problemOf(read())
    expect(server.seen).toHaveLength(5)
    const startMs = performance.now()
    for (let n = 0; n < 20; n += 1) await problemOf(read())
    expect(performance.now() - startMs).toBeLessThan(500)
    expect(server.seen).toHaveLength(5)
    const after = await until(() => read().catch(() => undefined))
    expect(after).toMatchObject({ found: true })
  })

  it('is not what a refusal is', async () => {
    const { server, read } = await serve(stripeError(403, 'more_permissions_required'))
    for (let n = 0; n < 8; n += 1) await problemOf(read())
    expect(server.seen).toHaveLength(8)
  })
})

describe('keys', () => {
  const read = (env: Record<string, string>, livemode: boolean) =>
    createStripeReader(env).read({ ...charge, livemode }, { signal: new AbortController().signal, timeoutMs: 500 })

  it('that are not there, or of the other mode, ask for nothing', async () => {
    const { server } = await serve(found)
    const at = { STRIPE_API_URL: server.url }
    expect((await problemOf(read(at, false))).problem).toBe('no_key')
    expect((await problemOf(read({ ...at, STRIPE_SECRET_KEY: key }, true))).problem).toBe('no_key')
    expect((await problemOf(read({ ...at, STRIPE_SECRET_KEY: 'rk_live_1' }, false))).problem).toBe('no_key')
    expect(server.seen).toHaveLength(0)
  })

  it('of both modes are each used for their own', async () => {
    const { server } = await serve(found)
    const env = { STRIPE_API_URL: server.url, STRIPE_SECRET_KEY: `${key}, rk_live_1` }
    await read(env, true)
    await read(env, false)
    expect(server.seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer rk_live_1', `Bearer ${key}`])
  })

  it.each([
    [{ STRIPE_SECRET_KEY: 'pk_test_51secret' }, 'STRIPE_SECRET_KEY: expected sk_live_…'],
    [{ STRIPE_SECRET_KEY: 'sk_test_1,rk_test_51secret' }, 'STRIPE_SECRET_KEY: expected one test key'],
    [{ STRIPE_API_URL: 'ftp://51secret' }, 'STRIPE_API_URL: expected an http(s) URL'],
    [{ STRIPE_API_URL: 'https://user:51secret@host' }, 'STRIPE_API_URL: expected an http(s) URL'],
    [{ STRIPE_API_URL: 'https://host/path' }, 'STRIPE_API_URL: expected an http(s) URL'],
    [{ STRIPE_API_URL: 'http://stripe.internal', STRIPE_SECRET_KEY: 'sk_live_51secret' }, 'would travel in clear'],
  ])('that cannot be used are refused at once %#', (env, message) => {
    const make = () => createStripeReader(env)
    expect(make).toThrow(message)
    expect(make).not.toThrow('51secret')
  })
})

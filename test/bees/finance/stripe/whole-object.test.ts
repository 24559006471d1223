import { afterEach, describe, expect, it } from 'vitest'
import type { Kind } from '../../../../bees/finance/facts.ts'
import { createStripeReader } from '../../../../bees/finance/stripe/create-reader.ts'
import { StripeReadError } from '../../../../bees/finance/stripe/reader.ts'
import { manualClock } from '../../../../src/resilience/index.ts'
import { type Answering, type FaultServer, json, startFaultServer, stripeError } from './fault-server.ts'

const open: FaultServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const dated = (second: number) => ({ date: `Mon, 02 Feb 2026 10:00:0${second} GMT` })
const listOf = (has_more: boolean, ...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id })), has_more })

async function reading(kind: Kind, ...answers: readonly Answering[]) {
  const server = await startFaultServer(...answers)
  open.push(server)
  const env = { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_API_URL: server.url }
  const read = (parts = {}) =>
    createStripeReader(env, { random: () => 0, ...parts }).read(
      { account: 'acct_1', livemode: false, kind, object: 'x_1' },
      { signal: new AbortController().signal, timeoutMs: 2000 },
    )
  return { server, read }
}

describe('a list that Stripe has cut off', () => {
  it.each([
    ['subscription', 'items', '/v1/subscription_items?subscription=x_1'],
    ['invoice', 'payments', '/v1/invoice_payments?invoice=x_1'],
    ['charge', 'refunds', '/v1/refunds?charge=x_1'],
  ] as const)('%s.%s is read to its end', async (kind, member, path) => {
    const { server, read } = await reading(
      kind,
      json(200, { id: 'x_1', status: 's', [member]: listOf(true, 'a', 'b') }, dated(1)),
      json(200, listOf(true, 'c'), dated(2)),
      json(200, listOf(false, 'd'), dated(4)),
    )
    expect(await read()).toMatchObject({
      found: true,
      object: { id: 'x_1', status: 's', [member]: listOf(false, 'a', 'b', 'c', 'd') },
      dateS: Date.UTC(2026, 1, 2, 10, 0, 4) / 1000,
    })
    expect(server.seen.slice(1).map(({ url }) => url)).toEqual(
      ['b', 'c'].map((last) => `${path}&limit=100&starting_after=${last}`),
    )
    expect(server.seen.map(({ headers }) => headers['stripe-account'])).toEqual(['acct_1', 'acct_1', 'acct_1'])
  })

  it('makes the reading as long as all its requests', async () => {
    const clock = manualClock()
    const slow =
      (answer: Answering): Answering =>
      (...call) =>
        void clock.advance(700).then(() => answer(...call))
    const { read } = await reading(
      'subscription',
      slow(json(200, { id: 'x_1', items: listOf(true, 'a') }, dated(1))),
      slow(json(200, listOf(false, 'b'), dated(2))),
    )
    expect((await read({ clock, tryMs: 1500 })).elapsedMs).toBe(1400)
  })

  it.each([
    ['is gone in between', stripeError(404, 'resource_missing')],
    ['is no list', json(200, { object: 'list' })],
    ['has no end', json(200, listOf(true, 'b'))],
    ['is empty and goes on', json(200, listOf(true))],
  ])('is not taken for whole when it %s', async (_, answer) => {
    const { read } = await reading('subscription', json(200, { id: 'x_1', items: listOf(true, 'a') }), answer)
    const thrown = await read().catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(StripeReadError)
  })
})

it('a whole list costs one request', async () => {
  const { server, read } = await reading('subscription', json(200, { id: 'x_1', items: listOf(false, 'a') }))
  await read()
  expect(server.seen).toHaveLength(1)
})

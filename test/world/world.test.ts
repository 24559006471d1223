import { describe, expect, it } from 'vitest'
import { createWorld, type Kind, type WorldEvent } from '../../src/local/stripe/index.ts'
import { namedPrice } from './catalogue.ts'
import { history } from './index.ts'
import { promisedTypes } from './promised-types.ts'

const seeds = Array.from({ length: 400 }, (_, n) => n + 1)

/** Ids anywhere inside that are of things that we keep. */
function idsInside(value: unknown): readonly string[] {
  if (typeof value === 'string')
    return /^(cus|sub|in|inpay|pi|ch|py|re|dp|cn|cs_test|cs_live)_1\w+$/.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(idsInside)
}

const prefixes: Readonly<Record<string, Kind>> = {
  cus: 'customer',
  sub: 'subscription',
  in: 'invoice',
  inpay: 'invoice_payment',
  pi: 'payment_intent',
  ch: 'charge',
  py: 'charge',
  re: 'refund',
  dp: 'dispute',
  cn: 'credit_note',
  cs: 'checkout_session',
}

describe('a world', () => {
  it('is the same for the same seed, to the last byte', () => {
    const bytes = (seed: number) => {
      const { world, deliveries, log } = history(seed, { actions: 40 })
      const events = world.events().map((event) => [event.atMs, event.snapshot(), event.thin()])
      return JSON.stringify([
        events,
        deliveries.map(({ atMs, event, form }) => [atMs, event.id, form]),
        log,
        world.final(),
      ])
    }
    for (const seed of seeds.slice(0, 20)) expect(bytes(seed)).toBe(bytes(seed))
    expect(bytes(1)).not.toBe(bytes(2))
  })

  it('never tells of what is not there yet', () => {
    for (const seed of seeds.slice(0, 120)) {
      const { world } = history(seed)
      for (const event of world.events()) {
        for (const id of idsInside(event.snapshot()['data'])) {
          const kind = prefixes[id.split('_')[0] ?? '']
          expect(kind, id).toBeDefined()
          const [first] = world.versions(kind as Kind, id)
          expect(first?.fromMs, `seed ${seed}: ${event.type} ${event.id} speaks of ${id}`).toBeLessThanOrEqual(
            event.atMs,
          )
        }
      }
    }
  })

  it('goes forward: events in order, versions in order, none of a moment that an event has told already', () => {
    for (const seed of seeds.slice(0, 60)) {
      const { world } = history(seed)
      const times = world.events().map(({ atMs }) => atMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      for (const { kind, object } of world.events()) {
        if (kind === null || object === null) continue
        const from = world.versions(kind, object).map(({ fromMs }) => fromMs)
        expect(from).toEqual([...new Set(from)].toSorted((a, b) => a - b))
      }
    }
  })

  it('tells an event as its object was then, and reads it as it is at any moment', () => {
    const world = createWorld({ seed: 7 })
    const { id: customer } = world.actions.createCustomer()
    const { id } = world.actions.subscribe({
      customer,
      lines: [{ price: namedPrice('pro', 'eur') }],
      payment: 'failed',
    })
    const madeMs = world.versions('subscription', id)[0]?.fromMs ?? 0
    world.actions.pay(world.final().subscription[0]?.latestInvoice ?? '', 'paid')
    const what = { account: 'self', livemode: false, kind: 'subscription' as const, object: id }
    expect(world.retrieve(what)).toMatchObject({ status: 'active' })
    expect(world.retrieve({ ...what, atMs: madeMs })).toMatchObject({ status: 'incomplete' })
    expect(world.retrieve({ ...what, atMs: madeMs - 1 })).toBeNull()
    expect(world.retrieve({ ...what, livemode: true })).toBeNull()
    const created = world.events().find(({ type }) => type === 'customer.subscription.created')
    expect(created?.snapshot()).toMatchObject({ data: { object: { id, status: 'incomplete' } } })
  })

  it('has every promised type and every status within some hundred histories', () => {
    const types = new Set<string>()
    const statuses = new Set<string>()
    for (const seed of seeds) {
      const { world } = history(seed, { actions: 40, customers: 1 })
      for (const { type } of world.events()) types.add(type)
      const kinds = [
        'subscription',
        'invoice',
        'invoice_payment',
        'payment_intent',
        'charge',
        'refund',
        'dispute',
      ] as const
      for (const kind of kinds) {
        for (const { id } of world.final()[kind]) {
          for (const { object } of world.versions(kind, id)) statuses.add(`${kind} ${object.status}`)
        }
      }
    }
    expect([...promisedTypes].filter((type) => !types.has(type))).toEqual([])
    expect(wantedStatuses.filter((status) => !statuses.has(status))).toEqual([])
  })

  it('keeps its books: what a charge has given back is what its refunds say, and never more than was paid', () => {
    for (const seed of seeds.slice(0, 150)) {
      const { charge, refund, payment_intent, invoice, invoice_payment } = history(seed, { actions: 40 }).world.final()
      for (const one of charge) {
        const back = refund
          .filter((each) => each.charge === one.id && each.status !== 'failed' && each.status !== 'canceled')
          .reduce((sum, { amount }) => sum + amount, 0)
        expect(one.amountRefunded, `seed ${seed} ${one.id}`).toBe(back)
        expect(one.amountRefunded).toBeLessThanOrEqual(one.amountCaptured)
      }
      for (const one of payment_intent) {
        const got = charge
          .filter((each) => each.paymentIntent === one.id)
          .reduce((sum, each) => sum + each.amountCaptured, 0)
        expect(one.amountReceived, `seed ${seed} ${one.id}`).toBe(got)
      }
      for (const one of invoice) {
        const got = invoice_payment
          .filter((each) => each.invoice === one.id && each.status === 'paid')
          .reduce((sum, each) => sum + (each.amountPaid ?? 0), 0)
        const outOfBand = one.status === 'paid' && one.paymentIntent === null
        if (!outOfBand) expect(one.amountPaid, `seed ${seed} ${one.id}`).toBe(got)
      }
    }
  })

  it('writes dinars as they are: the last of three decimals is 0', () => {
    const odd = seeds.slice(0, 150).flatMap((seed) => {
      const { charge, refund, invoice, dispute } = history(seed, { actions: 40 }).world.final()
      return [...charge, ...refund, ...dispute, ...invoice.map((one) => ({ ...one, amount: one.total }))].filter(
        ({ currency, amount }) => currency === 'kwd' && amount % 10 !== 0,
      )
    })
    expect(odd.map(({ id, amount }) => `${id} ${amount}`)).toEqual([])
  })

  it('has thin twins that name the snapshot, its object and the account', () => {
    const world = createWorld({ seed: 3, accounts: ['acct_1x'] })
    world.actions.createCustomer({ account: 'acct_1x', livemode: true })
    const [event] = world.events() as readonly [WorldEvent]
    expect(event.thin()).toMatchObject({
      object: 'v2.core.event',
      type: 'v1.customer.created',
      context: 'acct_1x',
      livemode: true,
      snapshot_event: event.id,
      related_object: { id: event.object, type: 'customer', url: `/v1/customers/${event.object}` },
      created: new Date(event.atMs).toISOString(),
    })
    expect(event.thin()['id']).not.toBe(event.id)
    expect(event.snapshot()).toMatchObject({ account: 'acct_1x', created: Math.floor(event.atMs / 1000) })
  })

  it('refuses what Stripe would refuse, and stays as it was', () => {
    const world = createWorld({ seed: 4 })
    const { id } = world.actions.startPayment({ customer: null, amount: 100, currency: 'jpy' })
    const { latestCharge } = world.actions.confirmPayment(id, 'paid')
    const before = JSON.stringify(world.final())
    expect(() => world.actions.refund(latestCharge ?? '', 101)).toThrow(RangeError)
    expect(() => world.actions.cancelPayment(id)).toThrow(RangeError)
    expect(() => world.actions.charge('ch_none')).toThrow(RangeError)
    expect(JSON.stringify(world.final())).toBe(before)
  })
})

const wantedStatuses = [
  ...[
    'trialing',
    'active',
    'past_due',
    'unpaid',
    'paused',
    'incomplete',
    'incomplete_expired',
    'canceled',
    'hibernating',
  ].map((status) => `subscription ${status}`),
  ...['draft', 'open', 'paid', 'uncollectible', 'void'].map((status) => `invoice ${status}`),
  ...['open', 'paid', 'canceled'].map((status) => `invoice_payment ${status}`),
  ...['requires_payment_method', 'requires_action', 'processing', 'succeeded', 'canceled'].map(
    (status) => `payment_intent ${status}`,
  ),
  ...['pending', 'succeeded', 'failed'].map((status) => `charge ${status}`),
  ...['pending', 'succeeded', 'failed', 'canceled'].map((status) => `refund ${status}`),
  ...[
    'warning_needs_response',
    'warning_under_review',
    'warning_closed',
    'needs_response',
    'under_review',
    'won',
    'lost',
    'prevented',
    'appeal_needs_response',
    'appeal_under_review',
  ].map((status) => `dispute ${status}`),
]

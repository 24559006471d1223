import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { epochS, stripeId } from './stripe-ids.ts'
import {
  invoiceTold,
  orderOf,
  readOf,
  snapshot,
  subscriptionTold,
  take,
  thin,
  withReads,
  wordOf,
} from './take-payloads.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

const t = epochS

/** A subscription of its own, and what is stored of it. */
function subject() {
  const [id, customer] = [stripeId('sub'), stripeId('cus')]
  const told = (status: string, mustRead = false) => subscriptionTold(id, { customer, status, mustRead })
  return {
    id,
    told,
    says: (status: string, created: number) => snapshot(created, told(status)),
    status: async () => (await db.one('select status from finance.subscriptions where id = $1', [id]))['status'],
    guard: () =>
      db.one(
        `select extract(epoch from lo)::float8 as lo, extract(epoch from hi)::float8 as hi, seq::int, barrier::int,
           read_ticket::int, rank, waiting from finance.object_guards where object = $1`,
        [id],
      ),
  }
}

describe('without a ticket', () => {
  test('what is older than lo is stale', async () => {
    const { says, status } = subject()
    expect(await take(db, says('active', t + 1))).toBe('applied')
    expect(await take(db, says('past_due', t))).toBe('stale')
    expect(await status()).toBe('active')
  })

  test('what is newer than hi is applied, and moves both', async () => {
    const { says, status, guard } = subject()
    await take(db, says('active', t))
    expect(await take(db, says('past_due', t + 1))).toBe('applied')
    expect(await status()).toBe('past_due')
    expect(await guard()).toMatchObject({ lo: t + 1, hi: t + 1, seq: 0 })
  })

  test.each([
    ['incomplete', 'active'],
    ['active', 'canceled'],
    ['incomplete', 'incomplete_expired'],
  ])('in one second %s and %s end at the final one, in both orders', async (first, second) => {
    const [one, other] = [subject(), subject()]
    expect(await take(db, one.says(first, t))).toBe('applied')
    expect(await take(db, one.says(second, t))).toBe('applied')
    expect(await take(db, other.says(second, t))).toBe('applied')
    expect(await take(db, other.says(first, t))).toBe('stale')
    expect([await one.status(), await other.status()]).toEqual([second, second])
  })

  test('deleted, then a late active one of whatever time: stale', async () => {
    const { says, status } = subject()
    await take(db, says('canceled', t + 5))
    for (const created of [t + 4, t + 5, t + 6]) expect(await take(db, says('active', created))).toBe('stale')
    expect(await status()).toBe('canceled')
  })

  test.each([
    ['active', 'past_due'],
    ['past_due', 'active'],
  ])('in one second, %s then %s: only Stripe can tell, nothing is written', async (first, second) => {
    const { says, status, id } = subject()
    await take(db, says(first, t))
    const event = says(second, t)
    const order = orderOf(await db.take(event))
    expect(order).toEqual({ kind: 'subscription', object: id, tickets: { [id]: 1 }, wait_ms: 0 })
    expect(await status()).toBe(first)
    expect(await db.rows('select 1 from finance.events where id = $1', [event.head.event])).toEqual([])
  })

  test('an unknown status is neither older nor newer than another in its second', async () => {
    for (const pair of [
      ['active', 'hibernating'],
      ['hibernating', 'active'],
      ['hibernating', 'incomplete'],
    ] as const) {
      const { says } = subject()
      await take(db, says(pair[0], t))
      expect(await take(db, says(pair[1], t))).toBe('read')
      expect(await take(db, says(pair[1], t + 1))).toBe('applied')
    }
  })

  test('the same content changes no row, and raises the barrier against reads that are under way', async () => {
    const { told, says, status, guard } = subject()
    await take(db, says('active', t))
    const event = says('past_due', t)
    const order = orderOf(await db.take(event))
    expect(await take(db, says('active', t))).toBe('same')
    expect(await guard()).toMatchObject({ seq: 1, barrier: 1, read_ticket: 0 })
    // The read may be older than the event that has just said the same as the row.
    const again = await db.take(withReads(event, readOf(order, { date: t }, told('past_due'))))
    expect(orderOf(again).tickets).toEqual({ [order.object]: 2 })
    expect(await status()).toBe('active')
    const second = readOf(orderOf(again), { date: t + 1 }, told('active'))
    expect(await take(db, withReads(event, second))).toBe('same')
  })

  test('what must be read is read, except where it is certainly old', async () => {
    const { told } = subject()
    const live = subject()
    expect(await take(db, snapshot(t, told('active', true)))).toBe('read')
    await take(db, live.says('active', t + 1))
    expect(await take(db, snapshot(t + 2, live.told('past_due', true)))).toBe('read')
  })

  test('a thin event is read, or stale where something newer is there', async () => {
    const { told, says } = subject()
    expect(await take(db, thin(t, told('active')))).toBe('read')
    await take(db, says('active', t + 1))
    expect(await take(db, thin(t + 0.999, told('active')))).toBe('stale')
    expect(await take(db, thin(t + 1, told('active')))).toBe('read')
    expect(await take(db, thin(t + 1, told('active'), 'synthetic'))).toBe('read')
  })
})

describe('with a ticket', () => {
  /** An active one and two events of its second that need a read each. */
  async function ambiguous() {
    const all = subject()
    await take(db, all.says('active', t))
    const [a, b] = [all.says('past_due', t), all.says('unpaid', t)]
    return { ...all, a, b, first: orderOf(await db.take(a)), second: orderOf(await db.take(b)) }
  }

  test('a read is accepted: the row is what Stripe showed, within the bounds of its clock', async () => {
    const { told, a, first, status, guard } = await ambiguous()
    const read = readOf(first, { date: t + 20, elapsedMs: 1500 }, told('unpaid'))
    expect(await take(db, withReads(a, read))).toBe('applied')
    expect(await status()).toBe('unpaid')
    // A second that the header leaves out, two that Stripe's clocks may be apart.
    expect(await guard()).toMatchObject({ lo: t + 20 - 1.5 - 3, hi: t + 20 + 3, barrier: 2, read_ticket: 1 })
  })

  test('refetch inversion: the later read has come first, the earlier one is refused', async () => {
    const { told, a, b, first, second, status } = await ambiguous()
    expect(await take(db, withReads(b, readOf(second, { date: t + 1 }, told('unpaid'))))).toBe('applied')
    expect(await take(db, withReads(a, readOf(first, { date: t }, told('past_due'))))).toBe('stale')
    expect(await status()).toBe('unpaid')
  })

  test('the earlier read has come first: the later one is accepted only after another ticket', async () => {
    const { told, a, b, first, second, status } = await ambiguous()
    expect(await take(db, withReads(a, readOf(first, { date: t + 1 }, told('past_due'))))).toBe('applied')
    const again = await db.take(withReads(b, readOf(second, { date: t + 1 }, told('unpaid'))))
    expect(wordOf(again)).toBe('read')
    expect(await status()).toBe('past_due')
    expect(await take(db, withReads(b, readOf(orderOf(again), { date: t + 1 }, told('unpaid'))))).toBe('applied')
    expect(await status()).toBe('unpaid')
  })

  test('a read from before the barrier is refused', async () => {
    const { told, says, a, first, status } = await ambiguous()
    await take(db, says('canceled', t))
    expect(await take(db, withReads(a, readOf(first, { date: t }, told('active'))))).toBe('read')
    expect(await status()).toBe('canceled')
  })

  test('containment: what was created before an accepted read is stale, without a read of its own', async () => {
    const { told, says, a, first, status } = await ambiguous()
    await take(db, withReads(a, readOf(first, { date: t + 20 }, told('unpaid'))))
    expect(await take(db, says('past_due', t + 16))).toBe('stale')
    // Within the bounds only Stripe can tell, except for what says the same.
    for (const created of [t + 17, t + 20, t + 23]) expect(await take(db, says('past_due', created))).toBe('read')
    expect(await take(db, says('unpaid', t + 23))).toBe('same')
    expect(await take(db, says('active', t + 24))).toBe('applied')
    expect(await status()).toBe('active')
  })

  test('an event that was overtaken while it was read is stale', async () => {
    const { told, says, a, first, status } = await ambiguous()
    await take(db, says('paused', t + 1))
    expect(await take(db, withReads(a, readOf(first, { date: t }, told('past_due'))))).toBe('stale')
    expect(await status()).toBe('paused')
  })

  test('bounds never go back', async () => {
    const { told, says, a, first, guard } = await ambiguous()
    await take(db, withReads(a, readOf(first, { date: t + 20 }, told('past_due'))))
    const event = says('unpaid', t + 20)
    // Stripe's clock is said to be behind now, and the read to have taken a minute.
    const read = readOf(orderOf(await db.take(event)), { date: t + 5, elapsedMs: 60_000 }, told('unpaid'))
    expect(await take(db, withReads(event, read))).toBe('applied')
    expect(await guard()).toMatchObject({ lo: t + 20 - 3.01, hi: t + 23 })
    expect(await take(db, says('active', t + 2))).toBe('stale')
  })

  test('the clock of a test is no time: such an object is read each time, in whatever order', async () => {
    const { id, told, status } = subject()
    const year = 365 * 86_400
    for (const [created, now] of [
      [t + year, 'active'],
      [t - year, 'past_due'],
      [t, 'unpaid'],
    ] as const) {
      const event = snapshot(created, told('trialing', true))
      const order = orderOf(await db.take(event))
      expect(order.object).toBe(id)
      expect(await take(db, withReads(event, readOf(order, { date: t + 100 }, told(now, true))))).toBe('applied')
      expect(await status()).toBe(now)
    }
  })
})

describe('what Stripe does not have', () => {
  test('a draft that was deleted is told as deleted, and stays so', async () => {
    const [id, customer] = [stripeId('in'), stripeId('cus')]
    await take(db, snapshot(t, invoiceTold(id, { customer, status: 'draft' })))
    const event = snapshot(t, invoiceTold(id, { customer, status: 'draft', total: 7 }))
    expect(await take(db, withReads(event, readOf(orderOf(await db.take(event)), { date: t + 1 })))).toBe('applied')
    expect(await db.one('select status from finance.invoices where id = $1', [id])).toEqual({ status: 'deleted' })
    expect(await db.rows('select 1 from finance.payments where id = $1', [id])).toEqual([])
    expect(await take(db, snapshot(t + 60, invoiceTold(id, { customer, status: 'open' })))).toBe('stale')
  })

  test('a customer that is gone is deleted', async () => {
    const id = stripeId('cus')
    const told = {
      kind: 'customer',
      customer: id,
      must_read: false,
      fact: { id, made_at: null, deleted: false, delinquent: true, currency: null },
    } as const
    await take(db, snapshot(t, told))
    const event = thin(t, told)
    const taken = await db.take(withReads(event, readOf(orderOf(await db.take(event)), { date: t + 1 })))
    expect(taken).toMatchObject({ outcome: { state: 'applied' }, changed: true })
    expect(
      await db.one('select deleted_at is null as lives, delinquent from finance.customers where id = $1', [id]),
    ).toEqual({ lives: false, delinquent: false })
  })

  test('of other kinds the row is kept as it was', async () => {
    const { says, status, guard } = subject()
    await take(db, says('active', t))
    const event = says('past_due', t)
    expect(await take(db, withReads(event, readOf(orderOf(await db.take(event)), { date: t + 20 })))).toBe('same')
    expect(await status()).toBe('active')
    expect(await guard()).toMatchObject({ hi: t + 23, read_ticket: 1 })
  })

  test('and that nobody here knows either: the event says all there will ever be', async () => {
    const { told, status, guard } = subject()
    const event = snapshot(t, told('active', true))
    expect(await take(db, withReads(event, readOf(orderOf(await db.take(event)), { date: t + 20 })))).toBe('applied')
    expect(await status()).toBe('active')
    expect(await guard()).toMatchObject({ lo: t, hi: t })
  })

  test('and of which nothing was said: nothing', async () => {
    const { id, told } = subject()
    const event = thin(t, told('active'))
    expect(await take(db, withReads(event, readOf(orderOf(await db.take(event)), { date: t })))).toBe('stale')
    expect(await db.rows('select 1 from finance.subscriptions where id = $1', [id])).toEqual([])
  })
})

test('the rate: a second of reads may go at once, then 20 a second wait for their place, up to half a minute', async () => {
  const waits = (
    await db.rows(`select finance.wait_for_read('acct_other', true) as ms from generate_series(1, 1000)`)
  ).map(({ ms }) => Number(ms))
  expect(waits.slice(0, 20)).toEqual(Array(20).fill(0))
  // The milliseconds that the statement itself takes are not waited for again.
  for (const [index, ms] of waits.slice(20, 600).entries()) {
    expect(ms).toBeLessThanOrEqual((index + 1) * 50)
    expect(ms).toBeGreaterThan((index + 1) * 50 - 2000)
  }
  // Beyond that nobody takes a place away from those who come later.
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_050)
})

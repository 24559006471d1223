import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadFacts, Take } from '../../../bees/finance/steps.ts'
import { type FinanceDatabase, financeDatabase, stripeOf } from './finance-database.ts'
import { cast, changeOf, linkOf, profileOf } from './stories.ts'
import { epochS, stripeId, subscriptionOf, thinOf } from './stripe-events.ts'
import {
  chargeTold,
  orderOf,
  parked,
  readOf,
  refundTold,
  snapshot,
  subscriptionTold,
  take,
  thin,
  withReads,
} from './take-payloads.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

const t = epochS

const eventOf = (payload: Take) => db.one('select * from finance.events where id = $1', [payload.head.event])

function subject() {
  const [id, customer] = [stripeId('sub'), stripeId('cus')]
  const told = (status: string, mustRead = false) => subscriptionTold(id, { customer, status, mustRead })
  return {
    id,
    customer,
    told,
    says: (status: string, created: number) => snapshot(created, told(status)),
    status: async () => (await db.one('select status from finance.subscriptions where id = $1', [id]))['status'],
    waiting: async () => (await db.one('select waiting from finance.object_guards where object = $1', [id]))['waiting'],
  }
}

/** Asks for the object and answers with what Stripe shows. */
async function unpark(question: Take, shown: (order: Parameters<typeof readOf>[0]) => ReadFacts) {
  return db.take(withReads(question, shown(orderOf(await db.take(question)))))
}

describe('an event that Stripe would have to be asked about', () => {
  test('is parked, without any effect but its ticket, and keeps its facts', async () => {
    const { id, told, says, status, waiting } = subject()
    await take(db, says('active', t))
    const event = parked(says('past_due', t))
    expect(await db.take(event)).toMatchObject({
      decision: 'done',
      outcome: { state: 'parked', waits_for: 'stripe', entitlement: null },
      changed: false,
    })
    expect(await status()).toBe('active')
    expect(await waiting()).toBe(true)
    expect(await eventOf(event)).toMatchObject({
      state: 'parked',
      waits_for: 'stripe',
      object: id,
      objects: [id],
      ticket: '1',
      facts: [{ ...told('past_due'), ticket: 1 }],
      settled_at: null,
    })
    // Once is enough, whoever comes with it again.
    expect(await db.take({ ...event, park: false })).toMatchObject({ decision: 'done', outcome: { state: 'parked' } })
  })

  test('does not have to be parked where its order is known', async () => {
    const { says, status } = subject()
    expect(await take(db, parked(says('active', t)))).toBe('applied')
    expect(await take(db, parked(says('past_due', t + 1)))).toBe('applied')
    expect(await status()).toBe('past_due')
  })

  test('is settled by a question, which contains it by its ticket', async () => {
    const { told, says, status, waiting } = subject()
    await take(db, says('active', t))
    const event = parked(says('past_due', t))
    await db.take(event)
    const question = thin(t, told('active'), 'synthetic')
    const taken = await unpark(question, (order) => readOf(order, { date: t }, told('past_due')))
    expect(taken).toMatchObject({ outcome: { state: 'parked', waits_for: 'user', unparked: 1 }, changed: true })
    expect(await status()).toBe('past_due')
    expect(await waiting()).toBe(false)
    expect(await eventOf(event)).toMatchObject({
      waits_for: 'user',
      facts: null,
      object: null,
      objects: null,
      unparked_by: question.head.event,
    })
  })

  test('is settled by an event that is certainly newer, and not by one of its second', async () => {
    const { says, status } = subject()
    await take(db, says('active', t))
    const event = parked(says('past_due', t))
    await db.take(event)
    expect(await take(db, says('active', t))).toBe('same')
    expect(await eventOf(event)).toMatchObject({ waits_for: 'stripe' })
    expect(await db.take(says('unpaid', t + 1))).toMatchObject({ outcome: { unparked: 1 } })
    expect(await eventOf(event)).toMatchObject({ waits_for: 'user' })
    expect(await status()).toBe('unpaid')
  })

  test('by the clock of a test is settled by a read alone', async () => {
    const { told, says } = subject()
    await take(db, says('active', t))
    const event = parked(snapshot(t - 1000, told('past_due', true)))
    await db.take(event)
    await take(db, says('unpaid', t + 1))
    expect(await eventOf(event)).toMatchObject({ waits_for: 'stripe' })
    await unpark(thin(t - 1000, told('active'), 'synthetic'), (order) => readOf(order, { date: t + 9 }, told('paused')))
    expect(await eventOf(event)).toMatchObject({ waits_for: 'user' })
  })

  test('waits until all that it tells is contained', async () => {
    const [customer, charge, refund] = [stripeId('cus'), stripeId('ch'), stripeId('re')]
    const says = (amount_refunded: number) => chargeTold(charge, customer, { amount_refunded })
    await take(db, snapshot(t, says(0)))
    const event = parked(snapshot(t, says(100), refundTold(refund, charge, { status: 'succeeded' })))
    await db.take(event)
    // Something that newer events say of the charge alone.
    await take(db, snapshot(t + 1, says(200)))
    expect(await eventOf(event)).toMatchObject({ waits_for: 'stripe' })
    const order = orderOf(await db.take(thin(t + 1, says(0), 'synthetic')))
    expect(Object.keys(order.tickets).sort()).toEqual([charge, refund].sort())
    const question = thin(t + 1, says(0), 'synthetic')
    const taken = await unpark(question, (one) =>
      readOf(one, { date: t + 2 }, says(200), refundTold(refund, charge, {})),
    )
    expect(taken).toMatchObject({ outcome: { unparked: 1 } })
    expect(await eventOf(event)).toMatchObject({ waits_for: 'user' })
    expect(await db.one('select status from finance.refunds where id = $1', [refund])).toEqual({ status: 'succeeded' })
  })

  test('that Stripe has nothing of any more is applied as it was told, the latest of several', async () => {
    const { told, status } = subject()
    const events = [
      parked(snapshot(t + 2, told('unpaid', true))),
      parked(snapshot(t + 1, told('active', true))),
      parked(snapshot(t + 2, told('canceled', true))),
    ]
    for (const event of events) await db.take(event)
    const taken = await unpark(thin(t + 2, told('active'), 'synthetic'), (order) => readOf(order, { date: t + 9 }))
    expect(taken).toMatchObject({ changed: true })
    expect(await status()).toBe('canceled')
  })

  test('tells the last status that is known, also when it was parked', async () => {
    const { id, told, says } = subject()
    await take(db, says('active', t))
    await db.take(parked(says('unpaid', t)))
    await db.take(parked(snapshot(t + 1, told('past_due', true))))
    await unpark(thin(t + 1, told('active'), 'synthetic'), (order) =>
      readOf(order, { date: t + 2 }, told('hibernating')),
    )
    expect(await db.one('select status, known_status from finance.subscriptions where id = $1', [id])).toEqual({
      status: 'hibernating',
      known_status: 'past_due',
    })
  })
})

describe('through the task', () => {
  test('Stripe is down, then it is back: what was ambiguous ends right', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf(all))
    const away = await db.apply(changeOf({ ...all, status: 'past_due' }))
    expect(away.output).toMatchObject({ state: 'parked', waits_for: 'stripe' })
    const object = subscriptionOf({ ...all, status: 'past_due' })
    const next = thinOf(changeOf({ ...all, status: 'past_due' }, epochS + 1))
    const back = await db.apply(next, { stripe: stripeOf(() => object, epochS + 2) })
    expect(back.output).toMatchObject({ state: 'applied', unparked: 1, entitlement: { status: 'past_due' } })
    expect(back.counts).toEqual({ read: 1, applied: 1 })
    expect(
      await db.rows(`select 1 from finance.events where customer = $1 and state = 'parked'`, [all.customer]),
    ).toEqual([])
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: true, status: 'past_due' })
  })

  test('a thin event is read; its snapshot twin gets the same outcome, without a second effect', async () => {
    const all = cast()
    await db.apply(linkOf(all))
    const event = changeOf(all, epochS + 1)
    const stripe = stripeOf(() => subscriptionOf(all), epochS + 2)
    const first = await db.apply(thinOf(event), { stripe })
    const second = await db.apply(event)
    expect(first.output).toMatchObject({ event: event.id, state: 'applied', entitlement: { entitled: true } })
    expect([second.outcome, second.output]).toEqual(['applied', first.output])
    expect(await db.rows('select form from finance.events where id = $1', [event.id])).toEqual([{ form: 'thin' }])
  })
})

test('a checkout that had to be read first links its customer, of whom nothing else was known', async () => {
  const all = cast()
  const event = linkOf(all)
  const { output } = await db.apply(thinOf(event), { stripe: stripeOf(() => event.data.object, epochS + 1) })
  expect(output.state).toBe('applied')
  expect(await db.one('select user_id from finance.customers where id = $1', [all.customer])).toEqual({
    user_id: all.user,
  })
})

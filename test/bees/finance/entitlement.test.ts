import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { cast, changeOf, date, linkOf, profileOf } from './stories.ts'
import { dayS, epochS, stripeId } from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

describe('entitlement', () => {
  test.each([
    ['trialing', true],
    ['active', true],
    ['past_due', true],
    ['incomplete', false],
    ['incomplete_expired', false],
    ['unpaid', false],
    ['paused', false],
    ['canceled', false],
  ])('%s: %s', async (status, entitled) => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, status }))
    expect(await profileOf(db, all.user)).toMatchObject({ entitled, status, flagged: false })
  })

  test('an unknown status changes nothing and is flagged, in both directions', async () => {
    for (const [status, entitled] of [
      ['active', true],
      ['unpaid', false],
    ] as const) {
      const all = cast()
      await db.applyAll(
        linkOf(all),
        changeOf({ ...all, status }),
        changeOf({ ...all, status: 'hibernating' }, epochS + 1),
      )
      expect(await profileOf(db, all.user)).toMatchObject({ entitled, status, flagged: true })
      await db.apply(changeOf({ ...all, status: 'canceled' }, epochS + 2))
      expect(await profileOf(db, all.user)).toMatchObject({ entitled: false, flagged: false })
    }
  })

  test('an unknown status that comes before the known one it followed changes nothing either', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, status: 'hibernating' }, epochS + 2))
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: false, status: null, flagged: true })
    const late = await db.apply(changeOf({ ...all, status: 'active' }, epochS + 1))
    expect(late.output).toMatchObject({ state: 'applied', entitlement: { entitled: true, flagged: true } })
    const older = await db.apply(changeOf({ ...all, status: 'unpaid' }, epochS))
    expect(older.output).toMatchObject({ state: 'stale', entitlement: null })
    expect(await profileOf(db, all.user)).toMatchObject({ entitled: true, status: 'active', flagged: true })
  })

  test('past_due holds for the grace from the start of the period, whenever it was heard of, and no longer than the period', async () => {
    const all = cast()
    const items = [{ periodStart: epochS + dayS, periodEnd: epochS + 31 * dayS }]
    await db.applyAll(linkOf(all), changeOf(all), changeOf({ ...all, items, status: 'past_due' }, epochS + 3 * dayS))
    expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 8 * dayS))
    const short = [{ periodStart: epochS + dayS, periodEnd: epochS + 3 * dayS }]
    await db.apply(changeOf({ ...all, items: short, status: 'past_due' }, epochS + 4 * dayS))
    expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 3 * dayS))
  })

  test('a cancellation that is announced ends it at the earlier of both times', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, cancel_at: epochS + 5 * dayS }))
    expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 5 * dayS))
    await db.apply(changeOf({ ...all, cancel_at: epochS + 90 * dayS }, epochS + 1))
    expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 30 * dayS))
  })

  test('an end in the past is told by the view, without a job that must run', async () => {
    const all = cast()
    await db.applyAll(
      linkOf(all),
      changeOf({ ...all, items: [{ periodStart: epochS - 60 * dayS, periodEnd: epochS - 30 * dayS }] }),
    )
    const active = 'select active from finance.entitlements where user_id = $1'
    expect(await db.one(active, [all.user])).toEqual({ active: false })
    await db.apply(changeOf({ ...all, items: [{ periodEnd: 4_102_444_800 }] }, epochS + 1))
    expect(await db.one(active, [all.user])).toEqual({ active: true })
  })

  test('items that are gone disappear; a list that is cut is not believed', async () => {
    const all = cast()
    const [a, b, c] = [{ id: stripeId('si') }, { id: stripeId('si'), quantity: 7 }, { id: stripeId('si') }]
    const items = async () =>
      (await db.rows('select id from finance.subscription_items where subscription = $1 order by id', [all.id])).map(
        ({ id }) => id,
      )
    await db.apply(changeOf({ ...all, items: [a, b] }))
    expect(await items()).toEqual([a.id, b.id].sort())
    await db.apply(changeOf({ ...all, items: [b, c] }, epochS + 1))
    expect(await items()).toEqual([b.id, c.id].sort())
    const { output } = await db.apply(changeOf({ ...all, items: [a], hasMore: true }, epochS + 2))
    expect(output).toMatchObject({ state: 'parked', waits_for: 'stripe' })
    expect(await items()).toEqual([b.id, c.id].sort())
    expect(await db.one('select quantity from finance.subscription_items where id = $1', [b.id])).toEqual({
      quantity: '7',
    })
  })

  test('of several subscriptions the best plan wins, and the next best when it ends', async () => {
    const all = cast()
    const team = stripeId('price')
    await db.rows(
      `insert into finance.plans (account, livemode, price, plan, rank) values ('self', false, $1, 'team', 10)`,
      [team],
    )
    const second = { ...all, id: stripeId('sub'), items: [{ price: team, periodEnd: epochS + dayS }] }
    await db.applyAll(linkOf(all), changeOf(all), changeOf(second))
    expect(await profileOf(db, all.user)).toMatchObject({
      plan: 'team',
      subscription: second.id,
      entitled_until: date(epochS + dayS),
    })
    await db.apply(changeOf({ ...second, status: 'canceled' }, epochS + 1, 'new', 'deleted'))
    expect(await profileOf(db, all.user)).toMatchObject({ plan: 'pro', subscription: all.id, entitled: true })
  })

  test('a user with two customers has what both have', async () => {
    const [one, two] = [cast(), cast()]
    await db.applyAll(
      linkOf(one),
      linkOf({ ...two, user: one.user }),
      changeOf(two),
      changeOf({ ...one, status: 'canceled' }),
    )
    expect(await profileOf(db, one.user)).toMatchObject({
      entitled: true,
      subscription: two.id,
      customer: two.customer,
    })
    await db.apply(changeOf({ ...two, status: 'unpaid' }, epochS + 1))
    expect((await profileOf(db, one.user))['entitled']).toBe(false)
  })

  test('a price without lookup key grants a plan of its own name', async () => {
    const all = cast()
    await db.applyAll(linkOf(all), changeOf({ ...all, items: [{ price: 'price_x', lookup_key: null }] }))
    expect((await profileOf(db, all.user))['plan']).toBe('price_x')
  })
})

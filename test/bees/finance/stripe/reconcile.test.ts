import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dayMs, openShop, pro, type Shop } from './open-shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop({ seed: 7 })
})

afterEach(() => shop.close())

describe('lost events', () => {
  it('are found and applied, and a second pass finds nothing', async () => {
    shop.business()
    const told = shop.told()
    const lost = told.filter((_event, n) => n % 3 === 1)
    await shop.hive.deliver(...told.filter((event) => !lost.includes(event)))

    const first = await shop.reconcile()
    expect(first.output).toMatchObject({ events_taken: lost.length, unreadable: 0, complete: true, problem: null })
    expect(first.counts['lost_event']).toBe(lost.length)
    expect(await shop.wrong()).toEqual([])
    const known = await shop.hive.rows(`select id from finance.events where form <> 'synthetic'`)
    expect(new Set(known.map(({ id }) => id))).toEqual(new Set(told.map(({ id }) => id)))

    const second = await shop.reconcile()
    expect(second.output).toMatchObject({ events_taken: 0, drift: 0, by_kind: {}, complete: true })
    expect(second.counts).not.toHaveProperty('drift')
  })

  it('are found when none has ever come, of every account and mode', async () => {
    shop.business()
    shop.business('acct_1colonybees')
    shop.business('self', true)
    const ofAccount = shop.told().filter((event) => event.account !== 'self')
    // The account has been heard of; whom nobody has heard of is asked for by name.
    await shop.hive.deliver(...ofAccount.slice(0, 1))
    const { output } = await shop.reconcile()
    expect(output).toMatchObject({ complete: true, problem: null })
    expect(await shop.wrong()).toEqual([])
    const asked = shop.api.requests.map(({ account, livemode }) => `${account} ${livemode}`)
    expect(new Set(asked)).toEqual(new Set(['self false', 'self true', 'acct_1colonybees false']))
  })

  it('of one account and mode alone, when asked so', async () => {
    shop.business()
    shop.business('acct_1colonybees')
    const { output } = await shop.reconcile({ account: 'acct_1colonybees', livemode: false })
    expect(output).toMatchObject({ complete: true })
    expect(await shop.hive.rows('select distinct account, livemode from finance.subscriptions')).toEqual([
      { account: 'acct_1colonybees', livemode: false },
    ])
  })

  it('are left alone while they are on their way', async () => {
    shop.business()
    shop.world.advanceTo(shop.world.nowMs() + dayMs)
    shop.world.actions.createCustomer()
    await shop.hive.deliver(...shop.told().slice(0, -1))
    expect((await shop.reconcile({ settle_s: 5 })).output).toMatchObject({ events_taken: 0, drift: 0, complete: true })
    shop.world.advanceTo(shop.world.nowMs() + 10_000)
    expect((await shop.reconcile({ settle_s: 5 })).output).toMatchObject({ events_taken: 1, drift: 1 })
  })

  it('are looked for once', async () => {
    shop.business()
    await shop.reconcile()
    shop.world.advanceTo(shop.world.nowMs() + dayMs)
    const before = shop.api.requests.length
    await shop.reconcile()
    const events = shop.api.requests.slice(before).filter(({ path }) => path === '/v1/events')
    const from = events.map(({ query }) => Number(new URLSearchParams(query).get('created[gte]') ?? 0))
    expect(Math.max(...from)).toBeGreaterThan((shop.world.nowMs() - dayMs) / 1000 - 2 * 3600)
  })
})

describe('how far back', () => {
  const days = (n: number) => shop.reconcile({ days: n })

  it('events are looked for does not matter for those that Stripe could not deliver', async () => {
    shop.business()
    const told = shop.told()
    expect((await days(1)).output).toMatchObject({ events_taken: told.length, complete: true })
    expect(await shop.wrong()).toEqual([])
  })

  it('is remembered only where nothing is left out before', async () => {
    shop.business()
    const told = shop.told()
    for (const { id } of told) shop.api.markDelivered(id, true)
    const short = (await days(1)).output
    expect(short).toMatchObject({ complete: true })
    expect(short['events_taken']).toBeLessThan(told.length)
    expect((await days(30)).output).toMatchObject({
      events_taken: told.length - Number(short['events_taken']),
      complete: true,
    })
  })

  it('is not remembered where an event had to be left', async () => {
    shop.business()
    const subscription = shop.world.final().subscription[0]?.id ?? ''
    // Three in one second: which of them is the last one has to be read.
    for (const paused of [true, false, true]) shop.world.actions.pauseCollection(subscription, paused)
    for (const { id } of shop.world.events()) shop.api.markDelivered(id, true)
    shop.api.faults.add({ kind: 'server_error', path: '/v1/subscriptions/', times: null })
    const { output } = await shop.reconcile()
    expect(output).toMatchObject({ complete: false, problem: 'unavailable' })
    expect(await shop.hive.rows('select events_through_s from finance.reconciliations where not livemode')).toEqual([
      { events_through_s: null },
    ])
    shop.api.faults.clear()
    expect((await shop.reconcile()).output).toMatchObject({ complete: true })
    expect((await shop.reconcile()).output).toMatchObject({ complete: true, events_taken: 0 })
    expect(await shop.wrong()).toEqual([])
  })
})

describe('many of them', () => {
  it('take several pages', async () => {
    for (let n = 0; n < 130; n += 1) {
      shop.world.actions.subscribe({ customer: shop.world.actions.createCustomer().id, lines: [pro] })
      shop.world.advanceTo(shop.world.nowMs() + 1000)
    }
    shop.muchLater()
    const { output } = await shop.reconcile()
    expect(output).toMatchObject({ drift: 130, by_kind: { subscription: 130 }, complete: true })
    expect(await shop.hive.rows('select count(*) as n from finance.subscriptions')).toEqual([{ n: 130 }])
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0, compared: 130, complete: true })
  })

  it('take several runs, each going on where the last one stopped', async () => {
    for (let n = 0; n < 6; n += 1) {
      shop.business()
    }
    const outputs: Record<string, unknown>[] = []
    do {
      outputs.push((await shop.reconcile({}, { timeIsUpAfter: 40 })).output)
    } while (outputs.at(-1)?.['complete'] !== true && outputs.length < 50)
    expect(outputs.length).toBeGreaterThan(3)
    expect(outputs.length).toBeLessThan(50)
    expect(await shop.wrong()).toEqual([])
    expect((await shop.reconcile()).output).toMatchObject({ events_taken: 0, drift: 0, complete: true })
  })
})

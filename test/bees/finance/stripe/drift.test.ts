import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openShop, pro, type Shop } from './open-shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop({ seed: 7 })
})

afterEach(() => shop.close())

describe('drift that no event tells of any more', () => {
  it('is read, repaired and counted', async () => {
    shop.business()
    const customer = shop.world.final().customer[0]?.id ?? ''
    await shop.hive.deliver(...shop.told())
    shop.world.actions.subscribe({ customer, lines: [pro] })
    const subscription = shop.world.final().subscription[0]?.id ?? ''
    shop.world.actions.pauseCollection(subscription, true)
    shop.muchLater()

    const { output, counts } = await shop.reconcile()
    expect(output).toMatchObject({ events_taken: 0, drift: 2, by_kind: { subscription: 2 }, complete: true })
    expect(counts['drift']).toBe(2)
    const paused = 'select collection_paused from finance.subscriptions order by made_at'
    expect(await shop.hive.rows(paused)).toEqual([{ collection_paused: true }, { collection_paused: false }])
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0, complete: true })
  })

  it('is seen where Stripe does not list the object', async () => {
    shop.business()
    await shop.hive.deliver(...shop.told())
    const subscription = shop.world.final().subscription[0]?.id ?? ''
    shop.world.actions.cancel(subscription, 'now')
    shop.muchLater()
    expect((await shop.reconcile()).output).toMatchObject({ drift: 1, by_kind: { subscription: 1 } })
    expect(await shop.hive.rows('select status from finance.subscriptions')).toEqual([{ status: 'canceled' }])
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0, compared: expect.any(Number) })
  })

  it.each([
    ['a row', `update finance.subscriptions set status = 'canceled', last_event = 'by hand'`, 'subscription'],
    ['a part of it', 'update finance.subscription_items set quantity = 7', 'subscription'],
    ['an amount', 'update finance.charges set amount_refunded = 0', 'charge'],
    ['a missing row', 'delete from finance.disputes', 'dispute'],
  ])('is also what somebody did by hand to %s', async (_name, sql, kind) => {
    shop.business()
    await shop.hive.deliver(...shop.told())
    await shop.hive.rows(sql)
    expect((await shop.reconcile()).output).toMatchObject({ by_kind: { [kind]: 1 }, drift: 1, complete: true })
    expect(await shop.wrong()).toEqual([])
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0 })
  })

  it('is not what one version of the API tells and the other does not', async () => {
    await shop.close()
    shop = await openShop({ seed: 8, shape: 'acacia' })
    shop.business()
    await shop.hive.deliver(...shop.told())
    const { output } = await shop.reconcile()
    // Invoice payments are new: acacia tells nothing of them.
    expect(output['by_kind']).toEqual({ invoice_payment: expect.any(Number) })
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0, by_kind: {} })
  })

  it('is not what has never been told', async () => {
    const customer = shop.world.actions.createCustomer().id
    shop.world.actions.draftInvoice(customer, 500, 'eur')
    shop.world.actions.openCheckout({ mode: 'payment', customer, amount: 5, currency: 'eur' })
    shop.world.actions.startPayment({ customer, amount: 5, currency: 'eur' })
    await shop.hive.deliver(...shop.told())
    shop.world.advanceTo(shop.world.nowMs() + 60_000)
    expect((await shop.reconcile()).output).toMatchObject({ events_taken: 0, drift: 0, complete: true })
  })
})

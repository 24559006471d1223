import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openShop, type Shop } from './open-shop.ts'
import { Died, stripeHive } from './stripe-hive.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop({ seed: 7 })
})

afterEach(() => shop.close())

describe('a crash', () => {
  it.each([1, 2, 3, 5, 8, 13, 21, 34])('after transaction %i loses and doubles nothing', async (diesAfter) => {
    shop.business()
    const process = randomBytes(32).toString('hex')
    await expect(shop.reconcile({}, { process, diesAfter })).rejects.toThrow(Died)
    // Stripe goes on in the meantime, so what the process has been told is not the answer to what it asks now.
    for (const { id } of shop.world.events()) shop.api.markDelivered(id, true)
    shop.business()
    const { output } = await shop.reconcile({}, { process, retries: 1 })
    expect(output).toMatchObject({ complete: true, problem: null })
    await shop.reconcile()
    expect(await shop.wrong()).toEqual([])
    expect((await shop.reconcile()).output).toMatchObject({ events_taken: 0, drift: 0, complete: true })
  })

  it('again and again ends too', async () => {
    shop.business()
    const process = randomBytes(32).toString('hex')
    for (let retries = 0; retries < 10; retries += 1) {
      await expect(shop.reconcile({}, { process, retries, diesAfter: retries + 1 })).rejects.toThrow(Died)
    }
    expect((await shop.reconcile({}, { process, retries: 10 })).output).toMatchObject({ complete: false, drift: 0 })
    expect((await shop.reconcile()).output).toMatchObject({ complete: true })
    expect(await shop.wrong()).toEqual([])
  })
})

describe('when Stripe', () => {
  const everything = async () => {
    const tables = await shop.hive.rows(
      `select table_name as name from information_schema.tables
       where table_schema = 'finance' and table_type = 'BASE TABLE' and table_name <> 'reconciliations' order by 1`,
    )
    const all = await Promise.all(
      tables.map(({ name }) => shop.hive.rows(`select to_jsonb(t) as row from finance.${name} as t`)),
    )
    return all.map((rows) => rows.map((row) => JSON.stringify(row)).sort())
  }

  it('is away nothing changes, and the output says so', async () => {
    shop.business()
    await shop.hive.deliver(...shop.told().slice(0, 5))
    const before = await everything()
    shop.api.faults.setOutage(true)
    const { output, counts } = await shop.reconcile()
    expect(output).toMatchObject({ events_taken: 0, drift: 0, complete: false, problem: 'unavailable' })
    expect(counts).toEqual({ problem: 1 })
    expect(await everything()).toEqual(before)
    shop.api.faults.setOutage(false)
    expect((await shop.reconcile()).output).toMatchObject({ complete: true, problem: null })
    expect(await shop.wrong()).toEqual([])
  })

  it('shows lists but no objects, nothing is guessed', async () => {
    shop.business()
    await shop.hive.deliver(...shop.told())
    shop.world.actions.pauseCollection(shop.world.final().subscription[0]?.id ?? '', true)
    shop.muchLater()
    const before = await everything()
    shop.api.faults.add({ kind: 'server_error', path: '/v1/subscriptions/', times: null })
    expect((await shop.reconcile()).output).toMatchObject({ drift: 0, complete: false, problem: 'unavailable' })
    expect((await everything()).map((rows) => rows.length)).toEqual(before.map((rows) => rows.length))
    shop.api.faults.clear()
    expect((await shop.reconcile()).output).toMatchObject({ drift: 1 })
  })

  it('refuses one kind of object, the others are looked at', async () => {
    shop.business()
    shop.muchLater()
    shop.api.faults.add({ kind: 'forbidden', path: '/v1/disputes', times: null })
    const { output } = await shop.reconcile({ days: 60 })
    expect(output).toMatchObject({ complete: false, problem: 'forbidden' })
    expect(await shop.hive.rows('select count(*) as n from finance.refunds')).toEqual([{ n: 2 }])
    expect(await shop.hive.rows('select count(*) as n from finance.disputes')).toEqual([{ n: 0 }])
    shop.api.faults.clear()
    expect((await shop.reconcile({ days: 60 })).output).toMatchObject({ by_kind: { dispute: 1 }, complete: true })
  })

  it('has not been given a key, nothing is asked', async () => {
    const keyless = await stripeHive({ STRIPE_API_URL: shop.api.url })
    try {
      const { output, transactions } = await keyless.run('reconcile_stripe', {})
      expect(output).toMatchObject({ complete: false, problem: 'no_key', drift: 0 })
      expect(transactions).toBe(0)
      expect(shop.api.requests).toHaveLength(0)
    } finally {
      await keyless.close()
    }
  })
})

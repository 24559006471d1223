import { describe, expect, it } from 'vitest'
import { createChecks } from './checks.ts'
import { createColoniesModel } from './colonies-model.ts'
import { createExecuteModel } from './execute-model.ts'
import { type HiveOptions, type SimHive, startHive, type World } from './hive.ts'
import { createNetwork, noFaults } from './network.ts'
import { type Order, ordersOf } from './orders.ts'
import { createScheduler } from './scheduler.ts'

/** A world in which only that goes wrong which a test lets go wrong. */
function peacefulWorld(seed: number): World & { readonly orders: readonly Order[] } {
  const scheduler = createScheduler(seed)
  const network = createNetwork(scheduler)
  const orders = ordersOf(scheduler.random, 1_000)
  const byId = new Map(orders.map((order) => [order.id, order]))
  const checks = createChecks({ orders: byId, broker: () => broker, database: () => database })
  const broker = createColoniesModel(scheduler, { onClose: checks.closes, onFail: checks.fails })
  const database = createExecuteModel(scheduler, checks.commits)
  return { scheduler, network, broker, database, checks, orders }
}

const plain: HiveOptions = {
  name: 'h1',
  skewMs: 0,
  executorKey: null,
  canGiveBack: true,
  cutPollAtStop: false,
  crashAtStep: () => false,
}

const isPolling = ({ fleet }: SimHive): boolean => fleet.status().bees[0]?.state === 'polling'

describe('under virtual time', () => {
  it('a hive whose clock is five minutes behind, or ahead, does what was signed just now', async () => {
    for (const skewMs of [-300_000, 300_000]) {
      const world = peacefulWorld(7)
      const hive = startHive(world, { ...plain, skewMs })
      for (const order of world.orders) world.broker.submit(order)
      expect(await world.scheduler.run(() => world.broker.open === 0, 1_200_000)).toBe(true)
      expect(world.checks.problems).toEqual([])
      expect(world.database.effects.length).toBeGreaterThan(0)
      hive.discard()
    }
  })

  it('a hive that registers anew at a silent broker stops within its grace', async () => {
    const world = peacefulWorld(3)
    const { scheduler, network, broker } = world
    const hive = startHive(world, plain)
    expect(await scheduler.run(() => isPolling(hive), 10_000)).toBe(true)
    const first = broker.executorsUp()
    for (const executor of first) broker.strikeOff(executor)
    // The poll ends, the next one is refused, and the hive takes up a new identity.
    const renews = (): boolean => broker.executorsUp().some((executor) => !first.includes(executor))
    expect(await scheduler.run(renews, 60_000)).toBe(true)
    network.plan = { ...noFaults, loss: 20, silence: 1 }
    const stoppedMs = scheduler.nowMs
    hive.stop(300)
    await scheduler.run(() => hive.drained !== null, stoppedMs + 120_000)
    // Leaving the register may take 2 s beyond the grace, the last receipts 5 s more.
    expect(hive.drained).toMatchObject({ exitCode: 0, left: 0 })
    expect(scheduler.nowMs - stoppedMs).toBeLessThan(5_000)
    hive.discard()
  })

  it('no poll begins while the breaker is open, and only one process is tried while it is half open', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const world = peacefulWorld(seed)
      const { scheduler, database, broker, checks, orders } = world
      const hive = startHive(world, plain)
      expect(await scheduler.run(() => isPolling(hive), 10_000)).toBe(true)
      database.isUp = false
      for (const order of orders) broker.submit({ ...order, maxExecS: 4 })
      expect(await scheduler.run(() => hive.ledger.breaker.state === 'open', 60_000)).toBe(true)
      await scheduler.run(() => false, scheduler.nowMs + 120_000)
      expect(checks.problems).toEqual([])
      database.isUp = true
      expect(await scheduler.run(() => broker.open === 0, scheduler.nowMs + 1_200_000)).toBe(true)
      expect(checks.problems).toEqual([])
      hive.discard()
    }
  })
})

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLedger } from '../../src/ledger/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { createDatabase, type TestDatabase, testKeys } from '../support/index.ts'
import { type CrashSite, openCrashSite } from './crash-matrix/site.ts'
import { again, count, freeze, isEnd, places, state, tell, wake, zombieColony } from './zombies/scene.ts'

let database: TestDatabase
let site: CrashSite

beforeAll(async () => {
  database = await createDatabase()
  site = await openCrashSite(database.url)
})
afterAll(async () => {
  await site?.close()
  await database?.drop()
})

describe('an executor that stood still and wakes', () => {
  it('after its processes ran out of time and another has done them: sends no close, changes nothing', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 8_000)
    const other = await scene.colony.load()
    await other.start()
    await scene.colony.ended(scene.ids)
    const before = await state(scene)
    const sent = await wake(scene)
    tell('another, out of time', scene, sent)
    expect(await state(scene)).toEqual(before)
    // Its own deadline had passed when it woke, so it does not even try; the one close was on its way already.
    expect([count(sent, 'close'), count(sent, 'fail')]).toEqual([1, 0])
    expect(await scene.colony.check()).toEqual([])
    await other.close()
    await scene.zombie.close()
  })

  it('within its time, after it was struck off and another has done its processes: its closes are refused', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000)
    await scene.colony.owner.removeExecutor(scene.colony.name, scene.executorName)
    const other = await scene.colony.load()
    await other.start()
    await scene.colony.ended(scene.ids)
    const before = await state(scene)
    const sent = await wake(scene)
    tell('another, struck off', scene, sent)
    expect(await state(scene)).toEqual(before)
    expect(count(sent, 'close')).toBeGreaterThan(1)
    expect(await scene.colony.check()).toEqual([])
    await other.close()
    await scene.zombie.close()
  })

  it('within its time, while another stands before the same transactions: one of them does each, and the result is one', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000)
    const other = await scene.colony.load()
    for (const { note } of scene.undead) await other.arm(note, 'admit')
    await scene.colony.owner.removeExecutor(scene.colony.name, scene.executorName)
    await other.start()
    for (const { note } of scene.undead) await other.heard('at', (message) => message.note === note)
    const sent = await wake(scene)
    tell('another, at the same time', scene, sent)
    // Whatever it sent, nothing is closed: the broker knows that the processes are not its own.
    expect([...(await scene.colony.facts(scene.ids)).values()].map((facts) => facts.state)).toEqual(places.map(() => 1))
    for (const { note } of scene.undead) other.go(note)
    await scene.colony.ended(scene.ids)
    expect((await state(scene)).effects).toHaveLength(places.length + 2)
    expect(await scene.colony.check()).toEqual([])
    await other.close()
    await scene.zombie.close()
  })

  it('within its time, while another is between its transactions: what is done is told, what is not is fenced', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000)
    const other = await scene.colony.load()
    for (const { note } of scene.undead) await other.arm(note, 'transact 1')
    await scene.colony.owner.removeExecutor(scene.colony.name, scene.executorName)
    await other.start()
    for (const { note } of scene.undead) await other.heard('at', (message) => message.note === note)
    const before = await state(scene)
    const sent = await wake(scene)
    tell('another, between its transactions', scene, sent)
    expect(await state(scene)).toEqual(before)
    // Its second transactions come with the older fence, which the other's first one has made known.
    for (const { place, processId } of scene.undead) {
      if (place.kind !== 'steps') continue
      expect([place.name, scene.zombie.hasHeard('ended', isEnd(processId, 'BEE_FENCED'))]).toEqual([place.name, true])
    }
    for (const { note } of scene.undead) other.go(note)
    await scene.colony.ended(scene.ids)
    expect((await state(scene)).effects).toHaveLength(places.length + 2)
    expect(await scene.colony.check()).toEqual([])
    await other.close()
    await scene.zombie.close()
  })

  it('when the same OS process was given its process again: the older run sends no close at all', {
    timeout: 60_000,
  }, async () => {
    const colony = await zombieColony(site)
    const executor = await colony.load({ executorKey: randomBytes(32).toString('hex') })
    const { executor: executorid, executorName: executorname } = await executor.start()
    const passed = ['assign', 'admit', 'transact 1', 'run', 'sign', 'store'] as const
    for (const step of passed) {
      const note = `again after ${step}`
      await executor.arm(note, step)
      const id = await colony.submit('single', { note }, 40_000)
      await executor.heard('at', (message) => message.note === note)
      // To register again puts the process back into the queue, from where the same executor gets it with a later fence.
      await colony.owner.addExecutor({ executorid, executorname, executortype: 'crash-bee', colonyname: colony.name })
      await colony.owner.approveExecutor(colony.name, executorname)
      await executor.heard('ended', isEnd(id, step === 'assign' || step === 'admit' ? 'applied' : 'replayed'))
      const closes = colony.proxy.seen().filter(({ message }) => message === 'close').length
      const before = await state({ site, colony })
      executor.go(note)
      await executor.heard('ended', isEnd(id, 'BEE_OWNERSHIP_LOST'))
      expect(colony.proxy.seen().filter(({ message }) => message === 'close')).toHaveLength(closes)
      expect(await state({ site, colony })).toEqual(before)
    }
    expect(await colony.check()).toEqual([])
    await executor.close()
  })

  it('after its own processes went to itself again (same executor id, later fence) and are done: late closes say the same', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000, randomBytes(32).toString('hex'))
    const successor = await again(scene)
    await scene.colony.ended(scene.ids)
    const before = await state(scene)
    const sent = await wake(scene)
    tell('itself again', scene, sent)
    // The broker takes them, since it compares executor ids only; they carry the ledger's result, which is the same.
    expect(count(sent, 'close')).toBeGreaterThan(0)
    expect(count(sent, 'fail')).toBe(0)
    expect(await state(scene)).toEqual(before)
    expect(await scene.colony.check()).toEqual([])
    await successor.close()
    await scene.zombie.close()
  })

  it('while itself again stands before the same transactions: one effect each, one result, one chain', {
    timeout: 90_000,
  }, async () => {
    const scene = await freeze(site, 12_000, randomBytes(32).toString('hex'))
    const successor = await again(
      scene,
      scene.undead.map(({ note }) => note),
    )
    const sent = await wake(scene)
    tell('itself again, at the same time', scene, sent)
    const between = await state(scene)
    for (const { note } of scene.undead) successor.go(note)
    await Promise.all(scene.ids.map((id) => successor.heard('ended', ({ process }) => process === id)))
    await scene.colony.ended(scene.ids)
    const after = await state(scene)
    // What the stale closes have said stays true.
    const closed = between.processes.filter(({ state: of }) => of === 2)
    expect(closed.length).toBeGreaterThan(0)
    expect(after.processes).toEqual(expect.arrayContaining(closed))
    expect(after.effects).toHaveLength(places.length + 2)
    expect(await scene.colony.check()).toEqual([])
    await successor.close()
    await scene.zombie.close()
  })

  it('after its processes were cancelled and revoked: what had not committed never does', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000)
    const ledger = createLedger({ url: site.gateway.url, key: testKeys.bee })
    for (const id of scene.ids) {
      await scene.colony.client.cancelProcess(id)
      await ledger.revoke(scene.colony.name, id, 'cancelled', { deadlineMs: systemClock.monotonicMs() + 5_000 })
    }
    const before = await state(scene)
    const sent = await wake(scene)
    tell('cancelled and revoked', scene, sent)
    const after = await state(scene)
    expect([after.effects, after.ledger]).toEqual([before.effects, before.ledger])
    expect(after.effects).toHaveLength(places.filter(({ committed }) => committed).length)
    expect(after.processes.map((process) => process.state)).toEqual(places.map(() => 4))
    await scene.zombie.close()
  })

  it('after it was struck off and nobody else came: takes them again under a new name, and does each once', {
    timeout: 60_000,
  }, async () => {
    const scene = await freeze(site, 40_000)
    await scene.colony.owner.removeExecutor(scene.colony.name, scene.executorName)
    expect([...(await scene.colony.facts(scene.ids)).values()].map((facts) => facts.state)).toEqual(places.map(() => 0))
    const sent = await wake(scene)
    tell('struck off, alone', scene, sent)
    await scene.colony.ended(scene.ids)
    expect((await state(scene)).effects).toHaveLength(places.length + 2)
    expect(await scene.colony.check()).toEqual([])
    await scene.zombie.close()
  })
})

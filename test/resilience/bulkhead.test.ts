import { describe, expect, test } from 'vitest'
import { Bulkhead } from '../../src/resilience/index.ts'
import { seededRandom } from '../support/index.ts'

describe('bulkhead', () => {
  test('runs no more than its limit at once, in the order of arrival', async () => {
    const bulkhead = new Bulkhead({ limit: 2 })
    const doors = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
    const started: number[] = []
    const works = doors.map((door, index) =>
      bulkhead.run(async () => {
        started.push(index)
        await door.promise
      }),
    )
    await Promise.resolve()
    expect([started, bulkhead.busy, bulkhead.queued]).toEqual([[0, 1], 2, 3])
    doors[1]?.resolve()
    await works[1]
    await expect.poll(() => started).toEqual([0, 1, 2])
    for (const door of doors) door.resolve()
    await Promise.all(works)
    expect([started, bulkhead.busy, bulkhead.queued]).toEqual([[0, 1, 2, 3, 4], 0, 0])
  })

  test('refuses what the queue cannot hold', async () => {
    const bulkhead = new Bulkhead({ limit: 1, queue: 1 })
    const leave = await bulkhead.enter()
    const second = bulkhead.enter()
    await expect(bulkhead.enter()).rejects.toMatchObject({ code: 'BEE_BULKHEAD_FULL' })
    leave()
    ;(await second)()
    expect(bulkhead.busy).toBe(0)
  })

  test('an abort leaves the line and costs no place', async () => {
    const bulkhead = new Bulkhead({ limit: 1 })
    const leave = await bulkhead.enter()
    const controller = new AbortController()
    const second = bulkhead.enter(controller.signal)
    const third = bulkhead.enter()
    controller.abort(new Error('gone'))
    await expect(second).rejects.toThrow('gone')
    expect(bulkhead.queued).toBe(1)
    leave()
    ;(await third)()
    expect(bulkhead.busy).toBe(0)
    await expect(bulkhead.enter(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  })

  test('leaving twice frees one place only', async () => {
    const bulkhead = new Bulkhead({ limit: 2 })
    const leave = await bulkhead.enter()
    await bulkhead.enter()
    leave()
    leave()
    expect(bulkhead.busy).toBe(1)
    expect(bulkhead.tryEnter()).toBeDefined()
    expect(bulkhead.tryEnter()).toBeUndefined()
  })

  test('a work that throws gives its place back', async () => {
    const bulkhead = new Bulkhead({ limit: 1 })
    await expect(bulkhead.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(bulkhead.busy).toBe(0)
  })

  test('holds under a random crowd with aborts', async () => {
    const random = seededRandom()
    const bulkhead = new Bulkhead({ limit: 3 })
    let inside = 0
    let most = 0
    const crowd = Array.from({ length: 300 }, async () => {
      const controller = new AbortController()
      if (random.boolean(0.3)) setImmediate(() => controller.abort())
      const pauses = random.integer(0, 3)
      await bulkhead
        .run(async () => {
          inside += 1
          most = Math.max(most, inside)
          for (let i = 0; i < pauses; i += 1) await new Promise((resolve) => setImmediate(resolve))
          inside -= 1
        }, controller.signal)
        .catch(() => undefined)
    })
    await Promise.all(crowd)
    expect([most, inside, bulkhead.busy, bulkhead.queued]).toEqual([3, 0, 0, 0])
  })

  test('refuses a limit that makes no sense', () => {
    for (const limit of [0, 1.5, Number.NaN]) expect(() => new Bulkhead({ limit })).toThrow(/limit/)
  })
})

import { describe, expect, it } from 'vitest'
import { createSlots, type Slot, type SlotJob } from '../../src/fleet/slots.ts'

interface TestJob {
  readonly job: SlotJob
  readonly started: () => boolean
  readonly slot: () => Slot
  readonly end: () => Promise<void>
}

function testJob(task: string, limit?: number): TestJob {
  const { promise, resolve } = Promise.withResolvers<void>()
  let slot: Slot | null = null
  return {
    job: {
      task,
      limit,
      run: (given) => {
        slot = given
        return promise
      },
    },
    started: () => slot !== null,
    slot() {
      if (slot === null) throw new Error(`${task} has not started`)
      return slot
    },
    async end() {
      resolve()
      await settle()
    },
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const slotsOf = (total: number, over = {}) =>
  createSlots({ total, waitingRoom: 4, maxStuck: 1, onChange: () => undefined, ...over })

describe('slots', () => {
  it('run as many as there are, the rest in order', async () => {
    const slots = slotsOf(2)
    const jobs = ['a', 'b', 'c', 'd'].map((task) => testJob(task))
    for (const { job } of jobs) slots.enter(job)
    expect(jobs.map(({ started }) => started())).toEqual([true, true, false, false])
    expect(slots).toMatchObject({ busy: 2, waiting: 2, hasRoom: false })
    await jobs[1]?.end()
    expect(jobs.map(({ started }) => started())).toEqual([true, true, true, false])
  })

  it('let other tasks past one that is at its limit', async () => {
    const slots = slotsOf(2)
    const limited = [testJob('one', 1), testJob('one', 1), testJob('one', 1)]
    for (const { job } of limited) slots.enter(job)
    expect(slots).toMatchObject({ busy: 1, waiting: 2, hasRoom: true })
    const other = testJob('other')
    slots.enter(other.job)
    expect(other.started()).toBe(true)
    await limited[0]?.end()
    expect(limited.map(({ started }) => started())).toEqual([true, true, false])
  })

  it('have no room once the waiting room is full', () => {
    const slots = slotsOf(2)
    for (let count = 0; count < 5; count += 1) slots.enter(testJob('one', 1).job)
    expect(slots).toMatchObject({ busy: 1, waiting: 4, hasRoom: false })
  })

  it('forget a waiting job that is taken back', async () => {
    const slots = slotsOf(1)
    const [first, second] = [testJob('a'), testJob('a')]
    slots.enter(first.job)
    const leave = slots.enter(second.job)
    leave()
    await first.end()
    expect(second.started()).toBe(false)
    expect(slots).toMatchObject({ busy: 0, waiting: 0 })
  })

  it('replace a stuck slot up to the cap, and count it until it lets go', async () => {
    const slots = slotsOf(2)
    const [first, second] = [testJob('a', 1), testJob('b')]
    const lets = Promise.withResolvers<void>()
    for (const { job } of [first, second]) slots.enter(job)
    first.slot().stuck(lets.promise)
    await first.end()
    expect(slots).toMatchObject({ busy: 1, stuck: 1, hasRoom: true })
    // It still runs, so its task's limit still counts it.
    const again = testJob('a', 1)
    slots.enter(again.job)
    expect(again.started()).toBe(false)
    second.slot().stuck(new Promise(() => undefined))
    await second.end()
    expect(slots).toMatchObject({ busy: 1, stuck: 2 })
    lets.resolve()
    await settle()
    expect(slots.stuck).toBe(1)
    expect(again.started()).toBe(true)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Assignment } from '../../src/fleet/broker.ts'
import { createBrokerClock } from '../../src/fleet/broker-clock.ts'
import { compareFences } from '../../src/fleet/compare-fences.ts'
import { exceedsSize } from '../../src/fleet/json-size.ts'
import { createOwnership } from '../../src/fleet/ownership.ts'
import { manualClock } from '../../src/resilience/index.ts'

const assignment = (retries: number, starttime: string, processId = 'p'): Assignment => ({
  processId,
  task: 'append',
  kwargs: {},
  executor: 'e',
  fence: { retries, starttime },
  submittedAt: 0,
  assignedAt: 0,
  budgetMs: null,
})
const times = { abortAtMs: 900, deadlineMs: 1_000 }
const early = '2026-01-01T00:00:00.1Z'
const late = '2026-01-01T00:00:00.100001Z'

describe('ownership', () => {
  it('takes an assignment once, and knows it as long as the broker may name it', async () => {
    const clock = manualClock()
    const ownership = createOwnership(clock)
    const owned = ownership.claim(assignment(0, early), times)
    expect(ownership.claim(assignment(0, early), times)).toBeNull()
    owned?.release('finished')
    expect(ownership.held()).toEqual([])
    expect(ownership.claim(assignment(0, early), times)).toBeNull()
    await clock.advance(16_000)
    expect(ownership.knows(assignment(0, early))).toBe(false)
  })

  it('supersedes an older assignment and refuses an older one', () => {
    const ownership = createOwnership(manualClock())
    const first = ownership.claim(assignment(0, early), times)
    const second = ownership.claim(assignment(0, late), times)
    expect(first?.ownershipLost.aborted).toBe(true)
    expect(first?.signal.reason).toMatchObject({ code: 'BEE_OWNERSHIP_LOST' })
    expect(second?.signal.aborted).toBe(false)
    expect(ownership.claim(assignment(0, early), times)).toBeNull()
    expect(ownership.claim(assignment(1, early), times)).not.toBeNull()
    expect(second?.signal.aborted).toBe(true)
    // The end of the superseded one must not erase the newer one.
    first?.release('finished')
    expect(ownership.held()).toHaveLength(1)
  })

  it('takes a process that was left up again only after the broker had its time', async () => {
    const clock = manualClock()
    const ownership = createOwnership(clock)
    ownership.claim(assignment(0, early), times)?.release('left')
    expect(ownership.leftCount()).toBe(1)
    await clock.advance(5_500)
    expect(ownership.knows(assignment(0, early))).toBe(true)
    await clock.advance(1_000)
    expect(ownership.leftCount()).toBe(0)
    expect(ownership.claim(assignment(0, early), times)).not.toBeNull()
  })

  it('aborts at the given time with the deadline as the reason, and leaves no timer behind', async () => {
    const clock = manualClock()
    const ownership = createOwnership(clock)
    const owned = ownership.claim(assignment(0, early), times)
    await clock.advance(899)
    expect(owned?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(owned?.signal.reason).toMatchObject({ code: 'BEE_DEADLINE' })
    expect(owned?.ownershipLost.aborted).toBe(false)
    ownership.claim(assignment(0, early, 'other'), { abortAtMs: 5_000, deadlineMs: 6_000 })?.release('finished')
    expect(clock.pending).toBe(0)
  })
})

describe('compareFences', () => {
  it('orders by retries, then by the instant, whatever the notation', () => {
    const fence = (starttime: string, retries = 0) => ({ retries, starttime })
    expect(compareFences(fence(early), fence(late))).toBeLessThan(0)
    expect(compareFences(fence('2026-01-01T01:00:00.1+01:00'), fence('2026-01-01T00:00:00.100000Z'))).toBe(0)
    expect(compareFences(fence('2026-01-01T00:00:00Z'), fence('2026-01-01T00:00:00.000001Z'))).toBeLessThan(0)
    expect(compareFences(fence(early, 1), fence(late, 0))).toBeGreaterThan(0)
  })

  it('orders random instants as their microseconds do', () => {
    const micros = fc.integer({ min: 0, max: 2_000_000_000_000_000 })
    const written = (value: number) =>
      `${new Date(Math.floor(value / 1000)).toISOString().slice(0, 19)}.${String(value % 1_000_000).padStart(6, '0')}Z`
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        const order = compareFences({ retries: 0, starttime: written(a) }, { retries: 0, starttime: written(b) })
        expect(Math.sign(order)).toBe(Math.sign(a - b))
      }),
    )
  })
})

describe('the broker clock', () => {
  it('finds the delay under any skew', () => {
    for (const skewMs of [-3_600_000, 0, 5_000_000]) {
      const clock = createBrokerClock()
      expect(clock.delayMs(1_000, 1_010 + skewMs, 10_000)).toBe(0)
      expect(clock.delayMs(2_000, 2_510 + skewMs, 10_000)).toBeCloseTo(500, 0)
      expect(clock.ageMs(3_000, 63_010 + skewMs)).toBeCloseTo(60_000, 0)
    }
  })

  it('never says more than the poll was open, even when a clock was set', () => {
    const clock = createBrokerClock()
    clock.delayMs(0, 0, 100)
    expect(clock.delayMs(0, 7_200_000, 100)).toBe(100)
  })
})

describe('exceedsSize', () => {
  it('measures about what JSON takes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const written = JSON.stringify(value).length
        expect(exceedsSize(value, written * 5 + 10)).toBe(false)
        expect(exceedsSize([value, 'x'.repeat(2_000)], 1_000)).toBe(true)
      }),
    )
  })

  it('refuses what is nested too deep for anybody', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 100_000; depth += 1) value = [value]
    expect(exceedsSize(value, 1e9)).toBe(true)
  })
})

import { describe, expect, test } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import {
  type Backoff,
  deadlineIn,
  fullJitterMs,
  manualClock,
  type RetryFact,
  retry,
  schedule,
  waitBoundMs,
} from '../../src/resilience/index.ts'
import { seededRandom } from '../support/index.ts'

const backoff: Backoff = { tries: 4, baseMs: 100, factor: 2, capMs: 300 }
const transient = (retryAfterMs?: number) =>
  new BeeError('BEE_TRANSACTION_TRANSIENT', undefined, retryAfterMs === undefined ? {} : { retryAfterMs })

/** Fails as often as there are errors, then succeeds; counts the calls and when they came. */
function script(clock: { monotonicMs(): number }, errors: readonly Error[]) {
  const startedMs: number[] = []
  const attempt = async () => {
    const error = errors[startedMs.length]
    startedMs.push(clock.monotonicMs())
    if (error !== undefined) throw error
    return 'done'
  }
  return { attempt, startedMs }
}

describe('retry', () => {
  test('waits by the schedule and returns the first success', async () => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, [transient(), transient(), transient()])
    const facts: RetryFact[] = []
    const result = retry(attempt, { backoff, clock, random: () => 1, onRetry: (fact) => facts.push(fact) })
    await clock.advance(1000)
    expect(await result).toBe('done')
    expect(startedMs).toEqual([0, 100, 300, 600])
    expect(facts.map(({ attempt: number, waitMs }) => [number, waitMs])).toEqual([
      [1, 100],
      [2, 200],
      [3, 300],
    ])
  })

  test('gives up after its tries with the last error', async () => {
    const clock = manualClock()
    const last = transient()
    const { attempt, startedMs } = script(clock, [transient(), transient(), transient(), last])
    const result = retry(attempt, { backoff, clock, random: () => 0 }).catch((error: unknown) => error)
    await clock.advance(1)
    expect(await result).toBe(last)
    expect(startedMs).toHaveLength(4)
  })

  test.each([
    ['BEE_TRANSACTION_REFUSED', 1],
    ['BEE_FENCED', 1],
    ['BEE_TRANSACTION_TRANSIENT', 4],
    ['BEE_TRANSACTION_UNKNOWN', 4],
  ] as const)('%s is tried %d times', async (code, calls) => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, Array(9).fill(new BeeError(code)))
    const result = retry(attempt, { backoff, clock, random: () => 0.5 }).catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await result).toMatchObject({ code })
    expect(startedMs).toHaveLength(calls)
  })

  test('waits as long as the other side asked, and the jitter on top', async () => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, [transient(5000)])
    const result = retry(attempt, { backoff, clock, random: () => 0.5 })
    await clock.advance(10_000)
    await result
    expect(startedMs).toEqual([0, 5050])
  })

  test('a wait that would leave no time for the next try is not begun', async () => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, [transient(), transient()])
    const options = { backoff, clock, random: () => 1, deadline: deadlineIn(250, clock), minTryMs: 100 }
    const result = retry(attempt, options).catch((error: unknown) => error)
    await clock.advance(100)
    // 150 ms are left: a wait of 200 ms, or a try of 100 ms after it, has no room.
    expect(await result).toMatchObject({ code: 'BEE_TRANSACTION_TRANSIENT' })
    expect(startedMs).toEqual([0, 100])
    expect(clock.pending).toBe(0)
  })

  test('not even the first try is started without the budget for it', async () => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, [])
    await expect(retry(attempt, { clock, deadline: deadlineIn(99, clock), minTryMs: 100 })).rejects.toMatchObject({
      code: 'BEE_DEADLINE',
    })
    expect(startedMs).toEqual([])
  })

  test('an abort ends the waiting at once with the last error', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const { attempt, startedMs } = script(clock, [transient(60_000)])
    const result = retry(attempt, { clock, signal: controller.signal }).catch((error: unknown) => error)
    await clock.advance(10)
    controller.abort()
    expect(await result).toMatchObject({ code: 'BEE_TRANSACTION_TRANSIENT' })
    expect(startedMs).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('an abort before the first try starts nothing', async () => {
    const clock = manualClock()
    const { attempt, startedMs } = script(clock, [])
    const reason = new BeeError('BEE_OWNERSHIP_LOST')
    await expect(retry(attempt, { clock, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(startedMs).toEqual([])
  })

  test('a result that arrives after the abort is not thrown away: it may stand for a commit', async () => {
    const controller = new AbortController()
    const attempt = async () => {
      controller.abort()
      return 'committed'
    }
    expect(await retry(attempt, { clock: manualClock(), signal: controller.signal })).toBe('committed')
  })

  test('a foreign error, a TypeError too, becomes a BeeError with its cause', async () => {
    const cause = new TypeError('undefined is not a function')
    const clock = manualClock()
    const result = retry(() => Promise.reject(cause), { backoff, clock, random: () => 0 }).catch((e: unknown) => e)
    await clock.advance(1)
    expect(await result).toMatchObject({ code: 'BEE_INTERNAL', cause })
  })

  test.each([
    { tries: 0 },
    { tries: 1.5 },
    { baseMs: -1 },
    { factor: Number.NaN },
    { capMs: Number.POSITIVE_INFINITY },
  ])('refuses %o', (wrong) => {
    expect(() => retry(async () => 1, { backoff: { ...backoff, ...wrong } })).toThrow(TypeError)
  })
})

describe('full jitter', () => {
  test('is spread evenly between zero and the bound, at the cap too', () => {
    const random = seededRandom(20_260_101)
    for (const attempt of [1, 2, 3, 8]) {
      const bound = waitBoundMs(attempt, backoff)
      const waits = Array.from({ length: 20_000 }, () => fullJitterMs(attempt, backoff, random.next))
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...waits)).toBeLessThan(bound)
      const quarters = [0, 0, 0, 0]
      for (const wait of waits) {
        const quarter = Math.floor((wait / bound) * 4)
        quarters[quarter] = (quarters[quarter] ?? 0) + 1
      }
      for (const count of quarters) expect(count / waits.length).toBeCloseTo(0.25, 1)
    }
  })

  test('the schedule says the bounds that retry keeps', () => {
    expect(schedule(backoff)).toEqual([
      { attempt: 1, waitUpToMs: 0, startsWithinMs: 0 },
      { attempt: 2, waitUpToMs: 100, startsWithinMs: 100 },
      { attempt: 3, waitUpToMs: 200, startsWithinMs: 300 },
      { attempt: 4, waitUpToMs: 300, startsWithinMs: 600 },
    ])
  })
})

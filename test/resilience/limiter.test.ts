import { describe, expect, test } from 'vitest'
import { Limiter, manualClock } from '../../src/resilience/index.ts'

describe('limiter', () => {
  test('allows the burst, then the rate', async () => {
    const clock = manualClock()
    const limiter = new Limiter({ perSecond: 10, burst: 3, clock })
    expect([limiter.tryTake(), limiter.tryTake(), limiter.tryTake(), limiter.tryTake()]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(limiter.waitMs()).toBe(100)
    await clock.advance(100)
    expect([limiter.tryTake(), limiter.tryTake()]).toEqual([true, false])
  })

  test('saves up no more than the burst', async () => {
    const clock = manualClock()
    const limiter = new Limiter({ perSecond: 10, burst: 2, clock })
    await clock.advance(60_000)
    expect([limiter.tryTake(), limiter.tryTake(), limiter.tryTake()]).toEqual([true, true, false])
  })

  test('those who wait are let through one after the other', async () => {
    const clock = manualClock()
    const limiter = new Limiter({ perSecond: 10, burst: 1, clock })
    const passedMs: number[] = []
    const crowd = [1, 2, 3].map(() => limiter.take().then(() => passedMs.push(clock.monotonicMs())))
    await clock.advance(1000)
    await Promise.all(crowd)
    expect(passedMs).toEqual([0, 100, 200])
  })

  test('an abort gives the token back', async () => {
    const clock = manualClock()
    const limiter = new Limiter({ perSecond: 10, burst: 1, clock })
    await limiter.take()
    const controller = new AbortController()
    const waiting = limiter.take(controller.signal).catch((error: unknown) => error)
    controller.abort('enough')
    expect(await waiting).toBe('enough')
    expect(limiter.waitMs()).toBeCloseTo(100)
    await expect(limiter.take(AbortSignal.abort('at once'))).rejects.toBe('at once')
  })

  test('refuses rates that make no sense', () => {
    expect(() => new Limiter({ perSecond: 0 })).toThrow(/perSecond/)
    expect(() => new Limiter({ perSecond: 1, burst: 0.5 })).toThrow(/burst/)
  })
})

import { describe, expect, test } from 'vitest'
import { deadlineAt, deadlineIn, manualClock } from '../../src/resilience/index.ts'

describe('deadline', () => {
  test('counts down on the monotonic clock and never below zero', async () => {
    const clock = manualClock(0, 5000)
    const deadline = deadlineIn(100, clock)
    expect(deadline.atMs).toBe(5100)
    expect(deadline.remainingMs()).toBe(100)
    await clock.advance(60)
    expect(deadline.remainingMs()).toBe(40)
    expect(deadline.passed).toBe(false)
    await clock.advance(60)
    expect(deadline.remainingMs()).toBe(0)
    expect(deadline.passed).toBe(true)
  })

  test('work that cannot finish does not fit', async () => {
    const clock = manualClock()
    const deadline = deadlineIn(100, clock)
    expect(deadline.fits(100)).toBe(true)
    expect(deadline.fits(101)).toBe(false)
    await clock.advance(100)
    expect(deadline.fits(0)).toBe(false)
  })

  test('a child is never longer than its parent', () => {
    const clock = manualClock()
    const parent = deadlineIn(100, clock)
    expect(parent.child(30).atMs).toBe(30)
    expect(parent.child(300).atMs).toBe(100)
    expect(deadlineIn(Number.POSITIVE_INFINITY, clock).child(30).remainingMs()).toBe(30)
  })

  test('its guard aborts with BEE_DEADLINE at the time, not before', async () => {
    const clock = manualClock()
    const { signal } = deadlineIn(100, clock).guard()
    await clock.advance(99)
    expect(signal.aborted).toBe(false)
    await clock.advance(1)
    expect(signal.reason).toMatchObject({ code: 'BEE_DEADLINE', failure: 'retryable' })
  })

  test('its guard passes on the reason of the first parent that aborts, and takes its timer back', async () => {
    const clock = manualClock()
    const [one, two] = [new AbortController(), new AbortController()]
    const { signal } = deadlineIn(100, clock).guard(one.signal, undefined, two.signal)
    two.abort(new Error('two'))
    one.abort(new Error('one'))
    expect(signal.reason).toEqual(new Error('two'))
    expect(clock.pending).toBe(0)
  })

  test('a released guard leaves nothing behind and never aborts', async () => {
    const clock = manualClock()
    const parent = new AbortController()
    const guard = deadlineIn(100, clock).guard(parent.signal)
    guard.release()
    guard.release()
    parent.abort()
    await clock.advance(1000)
    expect(clock.pending).toBe(0)
    expect(guard.signal.aborted).toBe(false)
  })

  test('a guard of a deadline that has passed, or of an aborted parent, is aborted from the start', () => {
    const clock = manualClock()
    expect(deadlineAt(-1, clock).guard().signal.aborted).toBe(true)
    expect(deadlineIn(100, clock).guard(AbortSignal.abort('why')).signal.reason).toBe('why')
    expect(clock.pending).toBe(0)
  })

  test('months ahead and never do not overflow the timer', () => {
    const clock = manualClock()
    for (const ms of [2 ** 31, 2 ** 45, Number.POSITIVE_INFINITY]) {
      expect(deadlineIn(ms, clock).guard().signal.aborted).toBe(false)
    }
    expect(clock.pending).toBe(0)
    expect(() => deadlineAt(Number.NaN, clock)).toThrow(/NaN/)
  })
})

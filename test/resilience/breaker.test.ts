import { describe, expect, test } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import { Breaker, type BreakerState, manualClock } from '../../src/resilience/index.ts'

const broken = () => Promise.reject(new BeeError('BEE_TRANSACTION_TRANSIENT'))
const refused = () => Promise.reject(new BeeError('BEE_TRANSACTION_REFUSED'))
const fine = () => Promise.resolve('fine')

function setUp() {
  const clock = manualClock()
  const states: BreakerState[] = []
  const breaker = new Breaker({ failures: 3, openMs: 1000, openCapMs: 3000, clock, onChange: (s) => states.push(s) })
  const call = (work: () => Promise<unknown>) => breaker.run(work).catch((error: BeeError) => error.code)
  const trip = async () => {
    for (let i = 0; i < 3; i += 1) await call(broken)
  }
  return { clock, states, breaker, call, trip }
}

describe('breaker', () => {
  test('opens after failures in a row, and a success in between starts the count again', async () => {
    const { breaker, call } = setUp()
    for (const work of [broken, broken, fine, broken, broken]) await call(work)
    expect(breaker.state).toBe('closed')
    await call(broken)
    expect(breaker.state).toBe('open')
  })

  test('terminal answers are answers: they do not open it', async () => {
    const { breaker, call } = setUp()
    for (let i = 0; i < 10; i += 1) await call(refused)
    expect(breaker.state).toBe('closed')
  })

  test('open, it runs nothing and says when to come again', async () => {
    const { clock, breaker, trip } = setUp()
    await trip()
    await clock.advance(400)
    let ran = false
    const work = async () => {
      ran = true
    }
    await expect(breaker.run(work)).rejects.toMatchObject({ code: 'BEE_BREAKER_OPEN', retryAfterMs: 600 })
    expect(ran).toBe(false)
  })

  test('half open, one probe passes and the others are refused; its success closes', async () => {
    const { clock, breaker, call, trip, states } = setUp()
    await trip()
    await clock.advance(1000)
    expect(breaker.state).toBe('half_open')
    const { promise, resolve } = Promise.withResolvers<string>()
    const probe = breaker.run(() => promise)
    expect(await call(fine)).toBe('BEE_BREAKER_OPEN')
    resolve('fine')
    expect(await probe).toBe('fine')
    expect(await call(fine)).toBe('fine')
    expect(states).toEqual(['open', 'half_open', 'closed'])
  })

  test('a failed probe opens it for twice as long, up to the cap; a success forgets that', async () => {
    const { clock, breaker, call, trip } = setUp()
    await trip()
    for (const openMs of [1000, 2000, 3000, 3000]) {
      expect(breaker.retryAfterMs).toBe(openMs)
      await clock.advance(openMs - 1)
      expect(breaker.state).toBe('open')
      await clock.advance(1)
      expect(breaker.state).toBe('half_open')
      await call(broken)
      expect(breaker.state).toBe('open')
    }
    await clock.advance(3000)
    await call(fine)
    await trip()
    expect(breaker.retryAfterMs).toBe(1000)
  })

  test('a terminal answer to the probe closes it', async () => {
    const { clock, breaker, call, trip } = setUp()
    await trip()
    await clock.advance(1000)
    await call(refused)
    expect(breaker.state).toBe('closed')
  })

  test('a probe that says nothing leaves the place to the next', async () => {
    const clock = manualClock()
    const breaker = new Breaker({
      failures: 1,
      openMs: 1000,
      clock,
      judge: (error) => (error.code === 'BEE_CANCELLED' ? 'neutral' : 'failure'),
    })
    await breaker.run(broken).catch(() => undefined)
    await clock.advance(1000)
    await breaker.run(() => Promise.reject(new BeeError('BEE_CANCELLED'))).catch(() => undefined)
    expect(breaker.state).toBe('half_open')
    expect(await breaker.run(fine)).toBe('fine')
    expect(breaker.state).toBe('closed')
  })

  test('results of calls from before it opened change nothing', async () => {
    const { clock, breaker, trip } = setUp()
    const [late, later] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slowSuccess = breaker.run(() => late.promise)
    const slowFailure = breaker.run(() => later.promise).catch(() => undefined)
    await trip()
    late.resolve()
    await slowSuccess
    expect(breaker.state).toBe('open')
    await clock.advance(1000)
    later.reject(new BeeError('BEE_TRANSACTION_TRANSIENT'))
    await slowFailure
    expect(breaker.state).toBe('half_open')
  })

  test('a listener can leave', async () => {
    const { breaker, trip } = setUp()
    const seen: BreakerState[] = []
    breaker.onChange((state) => seen.push(state))()
    await trip()
    expect(seen).toEqual([])
  })

  test('refuses settings that make no sense', () => {
    expect(() => new Breaker({ failures: 0 })).toThrow(/failures/)
    expect(() => new Breaker({ openMs: Number.NaN })).toThrow(/openMs/)
  })
})

import { describe, expect, it } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import { createBeeState } from '../../src/fleet/bee-state.ts'
import type { AssignOutcome, Broker } from '../../src/fleet/broker.ts'
import { defaultTuning } from '../../src/fleet/fleet-options.ts'
import { startPoller } from '../../src/fleet/poller.ts'
import { type ManualClock, manualClock } from '../../src/resilience/index.ts'
import { createMetrics, silentLog } from '../../src/telemetry/index.ts'

/** A poller in virtual time, against a broker that answers as a test tells it. */
function bench(over: { readonly random?: () => number } = {}) {
  const clock: ManualClock = manualClock()
  const state = createBeeState(() => undefined)
  state.send('start')
  state.send('registered')
  const slots = { hasRoom: true, running: 0, waiting: 0 }
  const seen = {
    polls: [] as number[],
    open: 0,
    mostOpen: 0,
    heartbeats: [] as number[],
    ambiguous: 0,
    registered: 0,
    delivered: 0,
  }
  let breaker: 'closed' | 'open' | 'half_open' = 'closed'
  let answer: (timeoutS: number) => Promise<AssignOutcome> = async (timeoutS) => {
    await clock.sleep(timeoutS * 1_000)
    return { kind: 'empty' }
  }
  const broker = {
    assign: async (timeoutS: number) => {
      seen.polls.push(clock.monotonicMs())
      seen.open += 1
      seen.mostOpen = Math.max(seen.mostOpen, seen.open)
      const outcome = await answer(timeoutS)
      seen.open -= 1
      return outcome
    },
    heartbeat: async () => {
      seen.heartbeats.push(clock.monotonicMs())
      return true
    },
  } as unknown as Broker
  const poller = startPoller(
    {
      bee: 'test',
      clock,
      random: over.random ?? (() => 0.5),
      log: silentLog,
      metrics: createMetrics({ version: 'test' }),
      state,
      breaker: () => breaker,
      slots,
      broker: () => broker,
      deliver: () => {
        seen.delivered += 1
        slots.running += 1
      },
      ambiguous: () => {
        seen.ambiguous += 1
      },
      register: async () => {
        seen.registered += 1
        state.send('registered')
      },
    },
    defaultTuning.poller,
  )
  return {
    clock,
    state,
    slots,
    seen,
    poller,
    setBreaker: (next: typeof breaker) => {
      breaker = next
    },
    setAnswer: (next: typeof answer) => {
      answer = next
    },
  }
}

const failure: AssignOutcome = { kind: 'error', error: new BeeError('BEE_BROKER_UNAVAILABLE'), ambiguous: true }
const hit = { kind: 'process', assignment: {} } as AssignOutcome

describe('the poller', () => {
  it('starts after its jitter and polls again at once after a poll that took its time', async () => {
    const { clock, seen } = bench()
    await clock.advance(124)
    expect(seen.polls).toEqual([])
    await clock.advance(30_001)
    expect(seen.polls).toEqual([125, 10_125, 20_125, 30_125])
    expect(seen.mostOpen).toBe(1)
  })

  it('does not spin on answers that come back empty at once', async () => {
    const { clock, seen, setAnswer } = bench()
    setAnswer(async () => ({ kind: 'empty' }))
    await clock.advance(60_000)
    expect(seen.polls.length).toBeLessThan(12)
  })

  it('backs off after failures, up to the cap, with full jitter, and forgets them after a good answer', async () => {
    const { clock, seen, setAnswer, state, poller } = bench({ random: () => 1 })
    setAnswer(async () => failure)
    await clock.advance(120_000)
    const gaps = seen.polls.slice(1).map((at, index) => at - (seen.polls[index] ?? 0))
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(seen.ambiguous).toBe(seen.polls.length)
    expect(state.state).toBe('suspended')
    expect(poller.hold).toBe('broker')
    setAnswer(async (timeoutS) => {
      await clock.sleep(timeoutS * 1_000)
      return { kind: 'empty' }
    })
    await clock.advance(60_000)
    expect(state.state).toBe('polling')
    expect(poller.hold).toBeNull()
    expect((poller.lastAnswerAgeMs() ?? 99_999) < 10_000).toBe(true)
  })

  it('polls only while there is room, and sends a sign of life while there is none', async () => {
    const { clock, seen, slots, state, poller } = bench()
    slots.hasRoom = false
    await clock.advance(200_000)
    expect(seen.polls).toEqual([])
    expect(state.state).toBe('saturated')
    expect(seen.heartbeats).toEqual([60_000, 120_000, 180_000])
    slots.hasRoom = true
    poller.wake()
    await clock.advance(1)
    expect(seen.polls).toHaveLength(1)
    expect(state.state).toBe('polling')
  })

  it('does not poll while the breaker is open, stays on the register for hours, and tries one when it is half open', async () => {
    const { clock, seen, slots, setBreaker, setAnswer, state, poller } = bench()
    setBreaker('open')
    await clock.advance(7_200_000)
    expect(seen.polls).toEqual([])
    expect(seen.heartbeats.length).toBeGreaterThanOrEqual(119)
    expect(state.state).toBe('suspended')
    expect(poller.hold).toBe('database')
    setAnswer(async () => hit)
    setBreaker('half_open')
    await clock.advance(10_000)
    expect(seen.delivered).toBe(1)
    expect(seen.polls).toHaveLength(1)
    slots.running = 0
    setBreaker('closed')
    setAnswer(async (timeoutS) => {
      await clock.sleep(timeoutS * 1_000)
      return { kind: 'empty' }
    })
    await clock.advance(1_000)
    expect(seen.polls).toHaveLength(2)
    expect(state.state).toBe('polling')
  })

  it('registers again when the broker does not know it', async () => {
    const { clock, seen, setAnswer, state } = bench()
    let times = 0
    setAnswer(async (timeoutS) => {
      times += 1
      if (times === 1) return { kind: 'unregistered' }
      await clock.sleep(timeoutS * 1_000)
      return { kind: 'empty' }
    })
    await clock.advance(5_000)
    expect(seen.registered).toBe(1)
    expect(state.state).toBe('polling')
    expect(seen.polls).toHaveLength(2)
  })

  it('lets the open poll end when it is stopped, and starts no other', async () => {
    const { clock, seen, poller } = bench()
    await clock.advance(1_000)
    poller.stop()
    expect(poller.inFlight).toBe(true)
    let ended = false
    void poller.ended.then(() => {
      ended = true
    })
    await clock.advance(9_000)
    expect(ended).toBe(false)
    await clock.advance(200)
    expect(ended).toBe(true)
    expect(seen.polls).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})

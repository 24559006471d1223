import { describe, expect, test } from 'vitest'
import { type Heard, normalise } from '../../../bees/finance/normalise.ts'
import type { ReadOrder, Take, Taken } from '../../../bees/finance/steps.ts'
import { type ReadReply, StripeReadError } from '../../../bees/finance/stripe/reader.ts'
import { stripeEvent } from '../../../bees/finance/stripe-event.ts'
import { type TakeTools, takeWithReads } from '../../../bees/finance/take.ts'
import { TerminalError, type Transact } from '../../../src/bee/index.ts'
import { manualClock } from '../../../src/resilience/index.ts'
import { epochS, eventOf, subscriptionOf } from './stripe-events.ts'

const object = subscriptionOf({ id: 'sub_1', customer: 'cus_1' })
const heard: Heard = normalise(stripeEvent.parse(eventOf('customer.subscription.updated', object, { id: 'evt_1' })))
const outcome = { event: 'evt_1', state: 'applied', waits_for: null, unparked: 0, entitlement: null } as const
const done: Taken = { decision: 'done', outcome, changed: true }
const parked: Taken = { ...done, outcome: { ...outcome, state: 'parked', waits_for: 'stripe' }, changed: false }
const order = (ticket: number, wait_ms = 0): ReadOrder => ({
  ...{ kind: 'subscription', object: 'sub_1', tickets: { sub_1: ticket }, wait_ms },
})
const ask = (...orders: readonly ReadOrder[]): Taken => ({ decision: 'read', reads: orders })
const found = (shown: unknown): ReadReply => ({ found: true, object: shown, dateS: epochS, elapsedMs: 12.2 })

interface Loop {
  readonly answers: readonly unknown[]
  readonly read?: (call: number) => Promise<ReadReply>
  readonly remainingMs?: number
  readonly tools?: Partial<TakeTools>
  /** Steps that an earlier run has done. */
  readonly replayedSteps?: readonly number[]
}

/** The loop against scripted answers of the database; what it did is recorded. */
function loop({
  answers,
  read = async () => found(object),
  remainingMs = 30_000,
  tools = {},
  replayedSteps = [],
}: Loop) {
  const clock = manualClock()
  const takes: Take[] = []
  const steps: (number | undefined)[] = []
  const counts: Record<string, number> = {}
  const timeouts: number[] = []
  const warned: unknown[] = []
  const transact: Transact = async (payload, options) => {
    takes.push(payload as unknown as Take)
    steps.push(options?.step)
    const output = answers[takes.length - 1]
    if (output === undefined) throw new Error('one transaction too many')
    return {
      outcome: replayedSteps.includes(options?.step ?? 0) ? 'replayed' : 'applied',
      ledgerId: 'l',
      step: options?.step ?? 0,
      output: output as never,
    }
  }
  const took = takeWithReads(heard, {
    transact,
    reader: {
      read: (_, { timeoutMs }) => {
        timeouts.push(timeoutMs)
        return read(timeouts.length)
      },
    },
    signal: new AbortController().signal,
    process: { remainingMs: () => remainingMs - clock.monotonicMs() },
    clock,
    count: (name, by = 1) => {
      counts[name] = (counts[name] ?? 0) + by
    },
    log: { warn: (message, facts) => void warned.push([message, facts]) },
    ...tools,
  })
  return { took, clock, takes, steps, counts, timeouts, warned }
}

test('an event in order takes one transaction and no read', async () => {
  const run = loop({ answers: [done] })
  expect(await run.took).toEqual({ outcome, changed: true, fresh: true, nextStep: 2 })
  expect(run.takes).toEqual([{ ...heard, reads: [], park: false }])
  expect([run.counts, run.timeouts]).toEqual([{ applied: 1 }, []])
})

test('what must be read comes back with its tickets and the times of the answer', async () => {
  const run = loop({ answers: [ask(order(7)), done], tools: { firstStep: 5 } })
  expect(await run.took).toMatchObject({ nextStep: 7 })
  expect(run.steps).toEqual([5, 6])
  expect(run.takes[1]).toEqual({
    ...heard,
    park: false,
    reads: [
      {
        ...{ kind: 'subscription', object: 'sub_1', tickets: { sub_1: 7 }, found: true, facts: heard.facts },
        ...{ date: '2026-01-01T00:00:00.000Z', elapsed_ms: 13 },
      },
    ],
  })
  expect(run.counts).toEqual({ applied: 1, read: 1 })
})

test('an object that Stripe does not know is told as such', async () => {
  const run = loop({
    answers: [ask(order(1)), done],
    read: async () => ({ found: false, dateS: epochS, elapsedMs: 1 }),
  })
  await run.took
  expect(run.takes[1]?.reads).toMatchObject([{ found: false, facts: [] }])
})

test('a refused read is repeated under its new ticket, four times at most, then the event is parked', async () => {
  const orders = [1, 2, 3, 4, 5].map((ticket) => ask(order(ticket)))
  const run = loop({ answers: [...orders, parked] })
  expect((await run.took).outcome.state).toBe('parked')
  expect(run.takes.map(({ reads, park }) => [reads[0]?.tickets['sub_1'], park])).toEqual([
    [undefined, false],
    [1, false],
    [2, false],
    [3, false],
    [4, false],
    [undefined, true],
  ])
  expect(run.counts).toEqual({ read: 4, reread: 4, parked: 1 })
})

test('several objects are read side by side, each after its own wait', async () => {
  const run = loop({ answers: [ask(order(1, 500), order(2, 600)), done] })
  await run.clock.advance(600)
  expect((await run.took).outcome.state).toBe('applied')
  expect(run.takes[1]?.reads.map(({ tickets }) => tickets['sub_1'])).toEqual([1, 2])
})

describe('parked, for', () => {
  test.each(['unavailable', 'rate_limited', 'forbidden', 'no_key'] as const)('%s', async (problem) => {
    const read = () => Promise.reject(new StripeReadError(problem, 'no'))
    const run = loop({ answers: [ask(order(1)), parked], read })
    expect((await run.took).outcome.waits_for).toBe('stripe')
    expect(run.takes[1]).toEqual({ ...heard, reads: [], park: true })
    expect(run.warned).toMatchObject([[expect.any(String), { event: 'evt_1', problem }]])
  })

  test.each([
    ['another object', { ...object, id: 'sub_2' }],
    ['an object of the other mode', { ...object, livemode: true }],
  ])('%s that was answered', async (_, other) => {
    const run = loop({ answers: [ask(order(1)), parked], read: async () => found(other) })
    expect((await run.took).outcome.state).toBe('parked')
  })

  test('one of two objects that could not be read', async () => {
    const read = (call: number) =>
      call === 1 ? Promise.resolve(found(object)) : Promise.reject(new StripeReadError('unavailable', 'no'))
    const run = loop({ answers: [ask(order(1), order(2)), parked], read })
    expect((await run.took).outcome.state).toBe('parked')
    expect(run.takes[1]?.reads).toEqual([])
  })

  test('no time: a wait that would not leave enough is not begun', async () => {
    const run = loop({ answers: [ask(order(1, 24_800)), parked] })
    expect((await run.took).outcome.state).toBe('parked')
    expect([run.timeouts, run.clock.monotonicMs()]).toEqual([[], 0])
  })

  test('nobody, where the caller does not want that', async () => {
    const read = () => Promise.reject(new StripeReadError('unavailable', 'no'))
    const run = loop({ answers: [ask(order(1))], read, tools: { park: false } })
    await expect(run.took).rejects.toThrow(StripeReadError)
    expect(run.takes).toHaveLength(1)
  })
})

describe('time', () => {
  test('the read waits as long as the database says, on the monotonic clock', async () => {
    const run = loop({ answers: [ask(order(1, 700)), done] })
    await run.clock.advance(699)
    expect(run.timeouts).toEqual([])
    await run.clock.advance(1)
    expect((await run.took).outcome.state).toBe('applied')
    expect(run.timeouts).toEqual([8000])
  })

  test.each([
    [30_000, 8000],
    [9000, 6000],
    [3000, 2000],
    [600, 400],
  ])('of a budget of %i ms a read may take %i', async (remainingMs, timeoutMs) => {
    const run = loop({ answers: [ask(order(1)), done], remainingMs })
    await run.took
    expect(run.timeouts).toEqual([timeoutMs])
  })

  test('a run that is called off while it waits ends with the reason', async () => {
    const control = new AbortController()
    const run = loop({ answers: [ask(order(1, 700))], tools: { signal: control.signal } })
    await run.clock.advance(1)
    control.abort(new Error('cancelled'))
    await expect(run.took).rejects.toThrow('cancelled')
    expect(run.timeouts).toEqual([])
  })

  test('a run that is called off during the read applies nothing', async () => {
    const control = new AbortController()
    const read = async () => {
      control.abort(new Error('cancelled'))
      return found(object)
    }
    const run = loop({ answers: [ask(order(1))], read, tools: { signal: control.signal } })
    await expect(run.took).rejects.toThrow('cancelled')
    expect(run.takes).toHaveLength(1)
  })
})

describe('never guesses', () => {
  test('an object with an amount that cannot be is refused for good', async () => {
    const read = async () => found({ ...object, items: { data: [{ id: 'si_1', quantity: 0.5 }] } })
    await expect(loop({ answers: [ask(order(1))], read }).took).rejects.toThrow(TerminalError)
  })

  test.each([
    ['nothing', null],
    ['an unknown decision', { decision: 'maybe' }],
    ['a read of nothing', { decision: 'read', reads: [] }],
    ['an outcome without a state', { decision: 'done', changed: true, outcome: { event: 'evt_1' } }],
  ])('an answer of the database that it does not know: %s', async (_, answer) => {
    await expect(loop({ answers: [answer] }).took).rejects.toThrow(/finance\.take: cannot read its answer/)
  })

  test('a read for an event that was to be parked', async () => {
    const read = () => Promise.reject(new StripeReadError('unavailable', 'no'))
    await expect(loop({ answers: [ask(order(1)), ask(order(2))], read }).took).rejects.toThrow(/told to park/)
  })

  test('an error of the reader that is none of its own is not taken for an absence of Stripe', async () => {
    const read = () => Promise.reject(new RangeError('bug'))
    await expect(loop({ answers: [ask(order(1))], read }).took).rejects.toThrow(RangeError)
  })
})

test('what an earlier run has done is not counted again', async () => {
  const run = loop({ answers: [done], replayedSteps: [1] })
  expect(await run.took).toMatchObject({ fresh: false })
  expect(run.counts).toEqual({})
})

test('an event is parked at the first step that no earlier run has used for a read', async () => {
  const read = () => Promise.reject(new StripeReadError('unavailable', 'no'))
  const answers = [ask(order(1)), ask(order(2)), ask(order(3)), parked]
  const run = loop({ answers, read, replayedSteps: [1, 2, 3] })
  expect(await run.took).toMatchObject({ outcome: { state: 'parked' }, fresh: true, nextStep: 5 })
  expect(run.steps).toEqual([1, 2, 3, 4])
})

import { type Clock, fullJitterMs } from '../resilience/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import type { BeeStateMachine } from './bee-state.ts'
import type { Assignment, Broker } from './broker.ts'
import { createNotifier } from './notifier.ts'

export interface PollerOptions {
  /** How long one poll stays open at the broker, whole seconds. @default 10 */
  readonly pollTimeoutS: number
  /** The first poll waits up to this, so that hives that start together do not poll together, ms. @default 250 */
  readonly startJitterMs: number
  /** First and longest wait after a failed poll, ms; the wait is drawn between 0 and the bound. @default 500, 30_000 */
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** A sign of life is sent this long after the last poll while none is open, ms. @default 60_000 */
  readonly heartbeatMs: number
  /** How often the breaker is looked at while it is open, ms. @default 250 */
  readonly breakerLookMs: number
}

/** Why no poll is open. */
export type Hold = 'slots' | 'database' | 'paused' | 'broker'

export interface PollerPorts {
  readonly bee: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly metrics: Metrics
  readonly state: BeeStateMachine
  readonly breaker: () => 'closed' | 'open' | 'half_open'
  readonly slots: { readonly hasRoom: boolean; readonly running: number; readonly waiting: number }
  /** The broker of the identity in use. */
  readonly broker: () => Broker
  /** A process came; `openMs` is how long the poll was open. */
  readonly deliver: (assignment: Assignment, openMs: number) => void
  /** A process may have been assigned to us whose name we did not hear. */
  readonly ambiguous: () => void
  /** Resolves when the broker knows us again, or when stopping. */
  readonly register: () => Promise<void>
}

export interface Poller {
  /** Resolves when the loop has ended and no poll is open. */
  readonly ended: Promise<void>
  readonly hold: Hold | null
  readonly inFlight: boolean
  /** Milliseconds since the last answer of the broker; null before the first. */
  lastAnswerAgeMs(): number | null
  /** Slots or breaker may have changed. */
  wake(): void
  /** No new poll from now on; the open one ends by itself. */
  stop(): void
  /** Cuts the open poll. Only before the identity is taken off the register: it may have been assigned a process. */
  cut(): void
}

/** The one loop of a bee that asks the broker for work: one poll at a time, and only while there is room. */
export function startPoller(ports: PollerPorts, options: PollerOptions): Poller {
  const { clock, state, bee } = ports
  const stopping = new AbortController()
  const cutting = new AbortController()
  const notifier = createNotifier(clock)
  const backoff = { tries: 1, baseMs: options.backoffBaseMs, factor: 2, capMs: options.backoffCapMs }
  let hold: Hold | null = null
  let inFlight = false
  let failures = 0
  let lastCallMs = clock.monotonicMs()
  let lastAnswerMs: number | null = null

  const holdNow = (): Hold | null => {
    const breaker = ports.breaker()
    // Half open means: one try. The process that it brings is the probe, so nothing else may run beside it.
    const probing = breaker === 'half_open' && ports.slots.running + ports.slots.waiting > 0
    if (breaker === 'open' || probing) return 'database'
    return ports.slots.hasRoom ? null : 'slots'
  }

  const suspend = (reason: Hold): void => {
    hold = reason
    state.send('suspend')
  }

  const waitForRoom = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const reason = holdNow()
      if (reason === null) break
      if (reason === 'slots') {
        if (state.state === 'suspended') state.send('resume')
        hold = reason
        state.send('full')
      } else suspend(reason)
      const dueMs = options.heartbeatMs - (clock.monotonicMs() - lastCallMs)
      // The slots wake us; nobody tells when a breaker changes.
      const lookMs = reason === 'database' ? Math.min(dueMs, options.breakerLookMs) : dueMs
      if (dueMs <= 0) await heartbeat()
      else await notifier.wait(lookMs)
    }
    if (hold === 'slots') state.send('room')
    if (hold === 'database') state.send('resume')
    if (hold === 'slots' || hold === 'database') hold = null
  }

  const heartbeat = async (): Promise<void> => {
    lastCallMs = clock.monotonicMs()
    const heard = await ports.broker().heartbeat({ deadlineMs: lastCallMs + 10_000 })
    if (heard) lastAnswerMs = clock.monotonicMs()
    else ports.log.warn({}, 'the broker did not take the heartbeat')
  }

  const backOff = (): Promise<void> => {
    failures += 1
    const waitMs = fullJitterMs(failures, backoff, ports.random)
    return clock.sleep(waitMs, stopping.signal)
  }

  const heard = (): void => {
    lastAnswerMs = clock.monotonicMs()
    hold = null
    state.send('resume')
  }

  const poll = async (): Promise<void> => {
    const broker = ports.broker()
    const openedMs = clock.monotonicMs()
    inFlight = true
    const outcome = await broker.assign(options.pollTimeoutS, cutting.signal)
    inFlight = false
    lastCallMs = clock.monotonicMs()
    const openMs = lastCallMs - openedMs
    const counted = outcome.kind === 'process' ? 'hit' : outcome.kind === 'unregistered' ? 'error' : outcome.kind
    ports.metrics.poll(bee, counted, openMs)
    switch (outcome.kind) {
      case 'process':
        heard()
        failures = 0
        return ports.deliver(outcome.assignment, openMs)
      case 'empty':
        heard()
        // A poll that took its time is followed by the next one at once; one that came back early must not spin.
        if (openMs < options.pollTimeoutS * 500) return backOff()
        failures = 0
        return
      case 'paused':
        lastAnswerMs = lastCallMs
        suspend('paused')
        return backOff()
      case 'unregistered':
        hold = null
        state.send('unregistered')
        await backOff()
        return ports.register()
      case 'error':
        if (outcome.ambiguous) ports.ambiguous()
        // Cut by ourselves at the end of a drain: nothing is wrong.
        if (cutting.signal.aborted) return
        suspend('broker')
        ports.log.warn({ code: outcome.error.code, reason: outcome.error.message, failures }, 'a poll failed')
        return backOff()
    }
  }

  const loop = async (): Promise<void> => {
    await clock.sleep(ports.random() * options.startJitterMs, stopping.signal)
    for (;;) {
      await waitForRoom()
      if (stopping.signal.aborted) return
      try {
        await poll()
      } catch (thrown) {
        // Nothing above throws by contract; a defect must not end the polling in silence.
        ports.log.error({ code: 'BEE_INTERNAL', reason: String(thrown) }, 'a poll threw')
        await backOff()
      }
    }
  }

  return {
    ended: loop(),
    get hold() {
      return hold
    },
    get inFlight() {
      return inFlight
    },
    lastAnswerAgeMs: () => (lastAnswerMs === null ? null : clock.monotonicMs() - lastAnswerMs),
    wake: () => notifier.notify(),
    stop() {
      stopping.abort()
      notifier.notify()
    },
    cut: () => cutting.abort(),
  }
}

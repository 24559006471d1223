import { BeeError } from '../errors.ts'
import type { Clock } from '../resilience/index.ts'
import type { BeeStateMachine } from './bee-state.ts'
import type { Intake } from './intake.ts'
import type { Notifier } from './notifier.ts'
import type { Ownership } from './ownership.ts'
import type { Poller } from './poller.ts'
import type { Sessions } from './sessions.ts'
import type { Slots } from './slots.ts'

/** How one bee ended. */
export interface BeeDrain {
  /** Processes that went back to the queue at once. */
  readonly givenBack: number
  /** Processes that the broker hands out again only after their time limit. */
  readonly left: number
  /** Handlers that were still running at the end, deaf to their signal; what they do changes nothing. */
  readonly stillRunning: number
}

export interface DrainParts {
  readonly clock: Clock
  readonly state: BeeStateMachine
  readonly ownership: Ownership
  readonly slots: Slots
  readonly intake: Intake
  readonly sessions: Sessions
  /** Null when the bee never came to polling. */
  readonly poller: Poller | null
  /** Notified at every change of the slots. */
  readonly changes: Notifier
  readonly canGiveBack: boolean
  readonly cutPollAtStop: boolean
}

/** Kept of the grace for aborting handlers and giving back: a fifth, at least 100 ms and at most 3 s. */
const MARGIN_RATIO = 0.2
const LEAST_MARGIN_MS = 100
const MOST_MARGIN_MS = 3_000
/** A forced stop still tries to give back, but not for long. */
const UNREGISTER_MS = 2_000
/** The broker needs a moment to notice that a poll was cut. */
const CUT_PAUSE_MS = 50

/**
 * Ends a bee in order: no new polls, let the open poll end, finish what runs, abort what does not finish in time, give
 * it back by leaving the register.
 * @param deadlineMs end of the grace, monotonic milliseconds
 * @param force aborts everything now instead of at the end of the grace
 */
export async function drainBee(parts: DrainParts, deadlineMs: number, force: AbortSignal): Promise<BeeDrain> {
  const { clock, ownership, slots, intake, poller, sessions, changes } = parts
  const graceMs = Math.max(0, deadlineMs - clock.monotonicMs())
  const marginMs = Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, graceMs * MARGIN_RATIO))
  const mayCut = parts.canGiveBack && parts.cutPollAtStop
  const isIdle = (): boolean => slots.running === 0 && slots.waiting === 0

  /** Waits for the condition until a time; a forced stop ends the wait `forcedMs` after it was asked for. */
  const waitFor = async (condition: () => boolean, untilMs: number, forcedMs: number): Promise<void> => {
    for (let endMs = untilMs; !condition(); ) {
      if (force.aborted) endMs = Math.min(endMs, clock.monotonicMs() + forcedMs)
      const leftMs = endMs - clock.monotonicMs()
      if (leftMs <= 0) return
      await changes.wait(leftMs)
    }
  }
  const wake = (): void => changes.notify()
  force.addEventListener('abort', wake, { once: true })

  poller?.stop()
  intake.drainUntil(deadlineMs - marginMs)
  for (const owned of ownership.held()) owned.announceShutdown()
  let polled = poller === null
  void poller?.ended.then(() => {
    polled = true
    wake()
  })
  await waitFor(() => isIdle() && (polled || mayCut), deadlineMs - marginMs, 0)

  intake.refuse()
  for (const owned of ownership.held()) owned.stop(new BeeError('BEE_SHUTTING_DOWN'))
  await waitFor(isIdle, deadlineMs - marginMs / 2, marginMs / 2)

  const unfinished = (): number => ownership.held().length + ownership.leftCount() + intake.refused
  if (poller !== null && !polled) {
    // Whatever the cut poll was assigned goes back with the rest, one call later.
    poller.cut()
    // It may also be registering anew, at a broker that does not answer: nobody waits for that beyond the grace.
    await waitFor(() => polled, deadlineMs, UNREGISTER_MS)
    await clock.sleep(CUT_PAUSE_MS)
  }
  const lastMs = Math.max(deadlineMs, clock.monotonicMs() + UNREGISTER_MS)
  const goesBack = unfinished()
  const unregistered = await sessions.unregister(lastMs)
  const back = unregistered || goesBack === 0
  force.removeEventListener('abort', wake)
  parts.state.send('drained')
  return { givenBack: back ? goesBack : 0, left: back ? 0 : goesBack, stillRunning: slots.stuck + slots.running }
}

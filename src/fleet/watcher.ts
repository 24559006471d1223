import { BeeError } from '../errors.ts'
import type { Clock } from '../resilience/index.ts'
import type { Assignment, Broker } from './broker.ts'
import { compareFences } from './compare-fences.ts'
import { createNotifier } from './notifier.ts'
import type { Owned, Ownership } from './ownership.ts'

export interface WatcherOptions {
  /** How often the broker is asked while work is running, ms: a cancel is noticed within this and a call. @default 3_000 */
  readonly busyMs: number
  /** How often it is asked while nothing is running, ms: finds what a lost reply left behind. @default 60_000 */
  readonly idleMs: number
  /**
   * A process that we do not know must still be there after this, ms: the reply of the poll that brings it may be on
   * its way. @default 500
   */
  readonly confirmMs: number
  /** Bound of one call, ms. @default 5_000 */
  readonly callMs: number
}

export interface WatcherPorts {
  readonly clock: Clock
  readonly ownership: Ownership
  readonly broker: () => Broker
  /** The broker thinks that we run it and we do not know it. */
  readonly orphan: (assignment: Assignment) => void
  /** Somebody cancelled it at the broker. */
  readonly cancelled: (owned: Owned) => void
}

export interface Watcher {
  readonly ended: Promise<void>
  /** Look now (or once more, when a look is under way). */
  lookSoon(): void
  stop(): void
}

/**
 * Compares what the broker thinks that we run with what we do run, every few seconds: notices cancelled processes,
 * processes that belong to somebody else by now, and orphans, which a lost assign reply left running with nobody.
 */
export function startWatcher(ports: WatcherPorts, options: WatcherOptions): Watcher {
  const { clock, ownership } = ports
  const notifier = createNotifier(clock)
  let stopped = false
  let asked = true
  let suspects: ReadonlyMap<string, number> = new Map()

  const budget = () => ({ deadlineMs: clock.monotonicMs() + options.callMs })

  const examine = async (owned: Owned, broker: Broker): Promise<void> => {
    const view = await broker.get(owned.assignment.processId, budget())
    if (view === 'unknown' || owned.closing) return
    if (view === null) return owned.lose()
    if (view.state === 'cancelled') {
      owned.stop(new BeeError('BEE_CANCELLED'))
      return ports.cancelled(owned)
    }
    const still = view.state === 'running' && view.executor === owned.assignment.executor
    if (!still || compareFences(view.fence, owned.assignment.fence) !== 0) owned.lose()
  }

  const look = async (): Promise<void> => {
    const broker = ports.broker()
    const askedMs = clock.monotonicMs()
    const listed = await broker.running(budget())
    if (listed === null) return
    const isListed = ({ assignment }: Owned): boolean =>
      listed.some(
        (other) => other.processId === assignment.processId && compareFences(other.fence, assignment.fence) === 0,
      )
    const doubtful = ownership
      .held()
      .filter((owned) => owned.claimedAtMs < askedMs && !owned.closing && !owned.signal.aborted && !isListed(owned))
    for (const owned of doubtful) await examine(owned, broker)
    confirm(
      listed.filter((assignment) => !ownership.knows(assignment)),
      askedMs,
    )
  }

  const confirm = (unknown: readonly Assignment[], askedMs: number): void => {
    const before = suspects
    const since = (assignment: Assignment): number => before.get(nameOf(assignment)) ?? askedMs
    const orphans = unknown.filter((assignment) => askedMs - since(assignment) >= options.confirmMs)
    const undecided = unknown.filter((assignment) => !orphans.includes(assignment))
    suspects = new Map(undecided.map((assignment) => [nameOf(assignment), since(assignment)]))
    for (const assignment of orphans) ports.orphan(assignment)
  }

  const loop = async (): Promise<void> => {
    let lookedMs = Number.NEGATIVE_INFINITY
    while (!stopped) {
      const idle = ownership.held().length === 0 && clock.monotonicMs() - lookedMs < options.idleMs
      if (asked || !idle) {
        asked = false
        lookedMs = clock.monotonicMs()
        await look()
      }
      if (suspects.size > 0) asked = true
      if (!stopped) await notifier.wait(asked ? options.confirmMs : options.busyMs)
    }
  }

  return {
    ended: loop(),
    lookSoon() {
      asked = true
      notifier.notify()
    },
    stop() {
      stopped = true
      notifier.notify()
    },
  }
}

const nameOf = ({ processId, fence }: Assignment): string => `${processId} ${fence.retries} ${fence.starttime}`

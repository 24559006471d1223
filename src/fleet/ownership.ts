import { BeeError } from '../errors.ts'
import type { Fence } from '../ledger/index.ts'
import type { Clock } from '../resilience/index.ts'
import type { Assignment } from './broker.ts'
import { compareFences } from './compare-fences.ts'

/** One assignment that is ours now. */
export interface Owned {
  readonly assignment: Assignment
  /** When we heard of it, monotonic milliseconds. */
  readonly claimedAtMs: number
  /** The handler is aborted here, monotonic milliseconds. */
  readonly abortAtMs: number
  /** The broker may hand the process out again after this, monotonic milliseconds. */
  readonly deadlineMs: number
  /** Aborts with a BeeError that says why. */
  readonly signal: AbortSignal
  readonly ownershipLost: AbortSignal
  readonly shuttingDown: AbortSignal
  /** The result is on its way to the broker: what the broker says from now on is our own doing. */
  readonly closing: boolean
  /** Aborts the handler. The first reason stays. */
  stop(reason: BeeError): void
  /** The process belongs to somebody else: aborts both signals. */
  lose(): void
  announceShutdown(): void
  markClosing(): void
  /**
   * Ends the ownership.
   * @param how `finished`: closed or dropped. `left`: the broker still thinks that we run it, until its time limit.
   */
  release(how: 'finished' | 'left'): void
}

export interface ClaimTimes {
  readonly abortAtMs: number
  readonly deadlineMs: number
}

export interface Ownership {
  /** Null when this assignment, or a newer one, is known already. An older one of the same process is superseded. */
  claim(assignment: Assignment, times: ClaimTimes): Owned | null
  knows(assignment: Assignment): boolean
  held(): readonly Owned[]
  /** Left to the broker's time limit and not past it yet. */
  leftCount(): number
}

/** Holds no input: a remembered process must not keep megabytes alive. */
interface Entry {
  readonly fence: Fence
  readonly owned: Owned | null
  readonly left: boolean
  /** A remembered assignment may be forgotten after this, monotonic milliseconds. */
  readonly keepUntilMs: number
}

// A list of running processes that was asked for before a close may still name the process; it is older than this never.
const REMEMBER_FINISHED_MS = 15_000
// The broker looks at time limits every second and acts up to two seconds late.
const BROKER_LATENESS_MS = 5_000
const FIRST_SWEEP_SIZE = 1_000

/** Which assignments are ours: processid → assignment, with the reasons to stop working on them. */
export function createOwnership(clock: Clock): Ownership {
  const entries = new Map<string, Entry>()
  let sweepSize = FIRST_SWEEP_SIZE

  const isHeld = (entry: Entry): boolean => entry.owned !== null
  const isRemembered = (entry: Entry): boolean => isHeld(entry) || clock.monotonicMs() < entry.keepUntilMs

  // Each sweep looks at everything, so the next one waits until the table has doubled.
  const sweep = (): void => {
    if (entries.size < sweepSize) return
    for (const [id, entry] of entries) if (!isRemembered(entry)) entries.delete(id)
    sweepSize = Math.max(FIRST_SWEEP_SIZE, entries.size * 2)
  }

  const current = (processId: string): Entry | undefined => {
    const entry = entries.get(processId)
    return entry !== undefined && isRemembered(entry) ? entry : undefined
  }

  const createOwned = (assignment: Assignment, times: ClaimTimes): Owned => {
    const stopping = new AbortController()
    const losing = new AbortController()
    const shutdown = new AbortController()
    let closing = false
    const stop = (reason: BeeError): void => {
      if (!stopping.signal.aborted) stopping.abort(reason)
    }
    const cancelTimer = clock.after(Math.max(0, times.abortAtMs - clock.monotonicMs()), () =>
      stop(new BeeError('BEE_DEADLINE')),
    )
    const owned: Owned = {
      assignment,
      claimedAtMs: clock.monotonicMs(),
      ...times,
      signal: stopping.signal,
      ownershipLost: losing.signal,
      shuttingDown: shutdown.signal,
      get closing() {
        return closing
      },
      stop,
      lose() {
        const reason = new BeeError('BEE_OWNERSHIP_LOST')
        stop(reason)
        if (!losing.signal.aborted) losing.abort(reason)
      },
      announceShutdown: () => shutdown.abort(new BeeError('BEE_SHUTTING_DOWN')),
      markClosing: () => {
        closing = true
      },
      release(how) {
        cancelTimer()
        // A newer assignment has taken the place.
        if (entries.get(assignment.processId)?.owned !== owned) return
        const now = clock.monotonicMs()
        const keepUntilMs = how === 'left' ? times.deadlineMs + BROKER_LATENESS_MS : now + REMEMBER_FINISHED_MS
        entries.set(assignment.processId, { fence: assignment.fence, owned: null, left: how === 'left', keepUntilMs })
      },
    }
    return owned
  }

  return {
    claim(assignment, times) {
      sweep()
      const known = current(assignment.processId)
      if (known !== undefined && compareFences(known.fence, assignment.fence) >= 0) return null
      known?.owned?.lose()
      const owned = createOwned(assignment, times)
      entries.set(assignment.processId, { fence: assignment.fence, owned, left: false, keepUntilMs: 0 })
      return owned
    },
    knows(assignment) {
      const known = current(assignment.processId)
      return known !== undefined && compareFences(known.fence, assignment.fence) >= 0
    },
    held: () => [...entries.values()].flatMap(({ owned }) => (owned === null ? [] : [owned])),
    leftCount: () => [...entries.values()].filter((entry) => entry.left && isRemembered(entry)).length,
  }
}

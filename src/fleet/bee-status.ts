import type { BeeState } from './bee-state.ts'
import type { Hold } from './poller.ts'

/** What can be seen of one bee from outside; for readiness and the status page. */
export interface BeeStatus {
  readonly bee: string
  readonly state: BeeState
  /** Why no poll is open; null while one may be. */
  readonly hold: Hold | null
  readonly slots: {
    readonly busy: number
    readonly total: number
    /** Waiting for their task's own limit. */
    readonly waiting: number
    /** Handlers that ignore their signal. */
    readonly stuck: number
  }
  /** Milliseconds since the broker last answered this bee; null before the first answer. */
  readonly lastPollAgeMs: number | null
  /** Executor id at the broker, 64 hex digits. */
  readonly executor: string
  readonly executorName: string
  /** Code and text of what made the bee fail or keeps it from starting. */
  readonly problem: { readonly code: string; readonly message: string } | null
}

import type { ProcessRow } from './process-row.ts'
import type { Queryable } from './store.ts'

/**
 * Runs inside the transaction that changes a process; whatever it writes through `transaction` commits or rolls back
 * with the change. Called only for processes with a `processgraphid`, with the row after the change.
 * It may return functions to run after the commit (wake-ups, events).
 */
export type GraphHook = (process: ProcessRow, transaction: Queryable) => Promise<readonly (() => void)[]>

/** Runs first in the transaction that changes a process: takes the locks that must come before that on the process. */
export type LockHook = (processid: string, transaction: Queryable) => Promise<void>

/** Runs after an assignment, before the reply, for processes of a graph; returns the row to be shown. */
export type AssignHook = (process: ProcessRow, queryable: Queryable) => Promise<ProcessRow>

/** Runs after a process ended or was deleted, whatever it was part of. For in-memory company such as channels. */
export type GoneHook = (processid: string) => void

/** Runs inside the transaction that removes a colony. */
export type ColonyHook = (colonyname: string, transaction: Queryable) => Promise<void>

/** Adds counters (for example `waitingworkflows`) to the statistics of a colony. */
export type StatisticsHook = (colonyname: string) => Promise<Readonly<Record<string, number>>>

/** Places where other modules join in. Fill them in `setUp` functions, see registry.ts. */
export interface Hooks {
  readonly beforeLock: LockHook[]
  readonly onAssign: AssignHook[]
  /** After success, failure (by the executor or a limit) or cancellation of a graph's process. */
  readonly onClose: GraphHook[]
  readonly onGone: GoneHook[]
  readonly onColonyRemoved: ColonyHook[]
  readonly onStatistics: StatisticsHook[]
}

export function createHooks(): Hooks {
  return { beforeLock: [], onAssign: [], onClose: [], onGone: [], onColonyRemoved: [], onStatistics: [] }
}

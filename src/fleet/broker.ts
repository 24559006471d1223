import type { FunctionDescription } from '../bee/index.ts'
import type { Json } from '../canonical.ts'
import type { BeeError } from '../errors.ts'
import type { Fence } from '../ledger/index.ts'

/** A process as the broker assigned it to us. */
export interface Assignment {
  readonly processId: string
  /** The broker's function name: the task's name, not checked yet. */
  readonly task: string
  /** As the submitter wrote them; not checked yet. */
  readonly kwargs: { readonly [key: string]: Json }
  /** Executor id, 64 hex digits. */
  readonly executor: string
  readonly fence: Fence
  /** When the submitter handed it in, by the broker's clock, milliseconds since 1970. */
  readonly submittedAt: number
  /** When it was assigned, by the broker's clock, milliseconds since 1970. */
  readonly assignedAt: number
  /** The execution limit that the submitter set, milliseconds; null when there is none that makes sense. */
  readonly budgetMs: number | null
}

export type AssignOutcome =
  | { readonly kind: 'process'; readonly assignment: Assignment }
  /** Poll again: it does not mean that the queue is empty. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'paused' }
  /** The broker does not know this executor, or has not approved it. */
  | { readonly kind: 'unregistered' }
  /** `ambiguous`: a process may have been assigned to us all the same. */
  | { readonly kind: 'error'; readonly error: BeeError; readonly ambiguous: boolean }

export type CloseOutcome =
  | { readonly kind: 'closed' }
  /** The process is not ours any more, finished, cancelled or removed. Not an error. */
  | { readonly kind: 'refused'; readonly state: ProcessState | 'foreign' | 'missing' }
  /** No trustworthy answer within the budget; the broker hands the process out again after its time limit. */
  | { readonly kind: 'error'; readonly error: BeeError }

export type ProcessState = 'waiting' | 'running' | 'success' | 'failed' | 'cancelled'

/** What the broker says of one process now. */
export interface ProcessView {
  readonly state: ProcessState
  /** Executor id, or the empty text. */
  readonly executor: string
  readonly fence: Fence
}

export interface Registration {
  readonly executorName: string
  readonly executorType: string
  readonly functions: readonly FunctionDescription[]
}

export interface BrokerCallOptions {
  /** The call with its repeats ends before this, on the monotonic clock, milliseconds. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** The Colonies server as one executor sees it, in the fleet's words. Outcomes are values; nothing here rejects. */
export interface Broker {
  /** Executor id of the key behind this port. */
  readonly executor: string
  /**
   * Makes the broker know the executor, approved where we hold the colony key, with its functions.
   * @returns null when done; BEE_EXECUTOR_NOT_APPROVED (terminal) or BEE_BROKER_UNAVAILABLE (retryable) otherwise.
   */
  register(registration: Registration, options: BrokerCallOptions): Promise<BeeError | null>
  /**
   * Takes the executor off the register: what it still runs goes back to the queue at once.
   * @returns false when it did not happen (no colony key, or no answer).
   */
  unregister(executorName: string, options: BrokerCallOptions): Promise<boolean>
  /** Long poll. `signal` is for the second stop signal only: an aborted poll may swallow a process. */
  assign(timeoutS: number, signal: AbortSignal): Promise<AssignOutcome>
  /** Counts as a sign of life and takes nothing. @returns true when the broker took it. */
  heartbeat(options: BrokerCallOptions): Promise<boolean>
  close(processId: string, output: Json, options: BrokerCallOptions): Promise<CloseOutcome>
  fail(processId: string, errors: readonly string[], options: BrokerCallOptions): Promise<CloseOutcome>
  /** What the broker thinks that this executor is running; null when it could not be asked. */
  running(options: BrokerCallOptions): Promise<readonly Assignment[] | null>
  /** Null when the process does not exist; `unknown` when the broker could not be asked. */
  get(processId: string, options: BrokerCallOptions): Promise<ProcessView | null | 'unknown'>
}

/** Makes a port for a key. One port an identity. */
export interface BrokerFactory {
  /** True when processes can be given back (we hold the colony key). */
  readonly canGiveBack: boolean
  connect(executorKey: Uint8Array): Broker
}

import type { Bee, Task } from '../bee/index.ts'
import type { Json } from '../canonical.ts'
import type { BeeError } from '../errors.ts'
import type { Nonce, StoredReceipt, TransactionResult } from '../ledger/index.ts'
import type { Assignment, CloseOutcome } from './broker.ts'

/** What admission found out. Without it a process has no right to run. */
export interface Admission {
  readonly task: Task
  /** As the task's schema parsed it. */
  readonly input: unknown
  /** Digest of the input as submitted. */
  readonly inputDigest: string
  /** Business key. */
  readonly key: string | null
  readonly nonce: Nonce | null
  /** Id of the key that signed the envelope; null where none is asked for. */
  readonly submitter: string | null
  /** It runs by a standing order: another process may have done the work of its slot, which is no failure. */
  readonly standing: boolean
  /** Takes the input's sensitive values out of a text. */
  readonly hide: (text: string) => string
}

/** How the run ended for us. */
export type Ending =
  /** The work is done and its result is fit to be published. */
  | { readonly kind: 'done'; readonly outcome: 'applied' | 'replayed'; readonly published: Json }
  /** It can never be done: closed as failed, with a signed receipt. */
  | { readonly kind: 'failed'; readonly error: BeeError }
  /** It was not done now: the broker hands it out again. Never closed by us. */
  | { readonly kind: 'left'; readonly error: BeeError }
  /** It is not ours any more. */
  | { readonly kind: 'dropped'; readonly error: BeeError }

/** Everything known about one assignment. Frozen: each step of the pipeline answers with the next one. */
export interface TaskRecord {
  readonly bee: Bee
  readonly assignment: Assignment
  /** Wall clock, milliseconds since 1970. */
  readonly startedAt: number
  readonly admission: Admission | null
  /** Committed transactions, in the order of the handler's calls. */
  readonly transactions: readonly TransactionResult[]
  /** Null until the run has ended. */
  readonly ending: Ending | null
  readonly receipt: StoredReceipt | null
  /** What the broker said to the close; null when it was not asked. */
  readonly closing: CloseOutcome | null
}

/** The record of an assignment that nobody has looked at yet. */
export function newRecord(bee: Bee, assignment: Assignment, startedAt: number): TaskRecord {
  return Object.freeze({
    bee,
    assignment,
    startedAt,
    admission: null,
    transactions: Object.freeze([]),
    ending: null,
    receipt: null,
    closing: null,
  })
}

/** The next record. */
export function advance(record: TaskRecord, change: Partial<TaskRecord>): TaskRecord {
  return Object.freeze({ ...record, ...change })
}

/** The ending that an error means, by its class. */
export function endingOf(error: BeeError): Ending {
  switch (error.failure) {
    case 'terminal':
      return { kind: 'failed', error }
    case 'fenced':
      return { kind: 'dropped', error }
    // The transaction may have committed: the next assignment repeats it with the same key and finds out.
    case 'unknown_outcome':
    case 'retryable':
      return { kind: 'left', error }
  }
}

import type { Json } from '../canonical.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../resilience/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import type { TrustedKey } from '../trust/index.ts'
import type { BrokerCallOptions, CloseOutcome } from './broker.ts'
import type { ReceiptSigner } from './receipt-signer.ts'
import type { ReceiptWriter } from './receipt-writer.ts'
import type { StepName } from './step-names.ts'
import type { TaskRecord } from './task-record.ts'

/** The reasons and times to stop that a running task sees; `Owned` is one. */
export interface Reins {
  /** Aborts with a BeeError that says why. */
  readonly signal: AbortSignal
  readonly ownershipLost: AbortSignal
  readonly shuttingDown: AbortSignal
  /** The handler is aborted here, monotonic milliseconds. */
  readonly abortAtMs: number
  /** Everything ends before this, monotonic milliseconds. */
  readonly deadlineMs: number
}

/** Where results go. Null on the direct path, which has no broker. */
export interface Closer {
  markClosing(): void
  close(processId: string, output: Json, options: BrokerCallOptions): Promise<CloseOutcome>
  fail(processId: string, errors: readonly string[], options: BrokerCallOptions): Promise<CloseOutcome>
}

/** What the steps work with: the ports of one task. */
export interface Workbench {
  readonly colony: string
  readonly clock: Clock
  readonly log: Log
  readonly ledger: Ledger
  readonly services: unknown
  readonly metrics: Pick<Metrics, 'taskCount'>
  /** Submitters whose envelopes are accepted; null: the caller vouches for the input (direct path). */
  readonly trusted: readonly TrustedKey[] | null
  /** Null: no receipts are made. */
  readonly signer: Pick<ReceiptSigner, 'sign'> | null
  readonly writer: ReceiptWriter | null
  readonly closer: Closer | null
  readonly reins: Reins
  /** Largest input, characters of JSON. */
  readonly maxInputChars: number
  /** Largest published output, characters of JSON. */
  readonly maxOutputChars: number
  /** How long a handler may go on after its signal before it counts as stuck, ms. */
  readonly abortGraceMs: number
  /** The handler ignores its signal; `settled` ends when it lets go. */
  readonly onStuck: (settled: Promise<unknown>) => void
  /** Test signal, awaited after each step. @default none */
  readonly onStep?: ((step: StepName, record: TaskRecord) => void | Promise<void>) | undefined
}

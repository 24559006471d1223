/** What the executor's process and the test tell each other. */

import type { StepName } from '../../../src/fleet/index.ts'

/** A step of the pipeline that a process has passed; transactions are numbered. */
export type Passed = Exclude<StepName, 'transact'> | `transact ${number}`

export interface ExecutorSettings {
  readonly brokerUrl: string
  readonly gatewayUrl: string
  readonly gatewayKey: string
  readonly readUrl: string
  readonly colony: string
  /** 64 hex digits; left out: nothing can be given back. */
  readonly colonyKey: string | undefined
  readonly receiptSeed: string
  readonly envelopeSeed: string
  /** Base of a fixed identity, 64 hex digits. */
  readonly executorKey?: string | undefined
  /** Failures in a row that open the breaker. @default 1_000_000, since the faults here come thick and fast */
  readonly breakerFailures?: number | undefined
  /** Bound of one call to the database, ms. @default 600 */
  readonly tryTimeoutMs?: number | undefined
  readonly pollTimeoutS: number
}

export type ToExecutor =
  | { readonly kind: 'settings'; readonly settings: ExecutorSettings }
  | { readonly kind: 'start' }
  /** Stop where the process with that note has passed that step, and say so. */
  | { readonly kind: 'arm'; readonly note: string; readonly passed: Passed }
  /** Goes on with it. */
  | { readonly kind: 'go'; readonly note: string }
  | { readonly kind: 'drain'; readonly graceMs: number }

export type FromExecutor =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'started'; readonly executor: string; readonly executorName: string }
  | { readonly kind: 'armed'; readonly note: string }
  | { readonly kind: 'at'; readonly note: string; readonly passed: Passed }
  | { readonly kind: 'draining' }
  | { readonly kind: 'drained'; readonly left: number; readonly givenBack: number }
  /** A process has left the pipeline. */
  | { readonly kind: 'ended'; readonly process: string; readonly how: string }
  /** The bee's state has changed. */
  | { readonly kind: 'state'; readonly state: string }

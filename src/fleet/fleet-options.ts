import type { Bee } from '../bee/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../resilience/index.ts'
import type { Log, Metrics, Notify } from '../telemetry/index.ts'
import type { SigningKey, TrustedKey } from '../trust/index.ts'
import type { BrokerFactory } from './broker.ts'
import type { PollerOptions } from './poller.ts'
import type { StepName } from './step-names.ts'
import type { TaskRecord } from './task-record.ts'
import type { WatcherOptions } from './watcher.ts'

/** Numbers that a test or an operator may turn; every one has a default. */
export interface FleetTuning {
  readonly poller: PollerOptions
  readonly watcher: WatcherOptions
  /** Processes that may wait for their task's own limit, for each slot of the bee. @default 4 */
  readonly waitingPerSlot: number
  /** Stuck handlers of a bee that are replaced by fresh slots, for each slot. @default 1 */
  readonly stuckPerSlot: number
  /** Time budget of a process that was submitted without one and whose task is unknown, ms. @default 60_000 */
  readonly unknownBudgetMs: number
  /** No process is worked on for longer than this, whatever its submitter says, ms. @default 86_400_000 */
  readonly maxBudgetMs: number
  /** Part of the budget that is kept for receipt and close, at least 100 ms and at most 2 s. @default 0.1 */
  readonly marginRatio: number
  /** How long a handler may go on after its signal before it counts as stuck, ms. @default 500 */
  readonly abortGraceMs: number
  /** Largest input, characters of JSON. @default 1_048_576 */
  readonly maxInputChars: number
  /** Largest published output, characters of JSON. @default 1_048_576 */
  readonly maxOutputChars: number
  /** Waits between tries to register, drawn between 0 and the bound, ms. @default 250 doubling up to 15_000 */
  readonly registerBaseMs: number
  readonly registerCapMs: number
  /**
   * At stop, an idle bee cuts its open poll before it leaves the register, instead of waiting until the poll ends. Only
   * with the colony key, since leaving the register is what puts a process back that the cut poll was assigned. Where
   * several broker servers forward polls to each other, such a process may go back only after its execution limit.
   * @default false
   */
  readonly cutPollAtStop: boolean
}

export const defaultTuning: FleetTuning = Object.freeze({
  poller: Object.freeze({
    pollTimeoutS: 10,
    startJitterMs: 250,
    backoffBaseMs: 500,
    backoffCapMs: 30_000,
    heartbeatMs: 60_000,
    breakerLookMs: 250,
  }),
  watcher: Object.freeze({ busyMs: 3_000, idleMs: 60_000, confirmMs: 500, callMs: 5_000 }),
  waitingPerSlot: 4,
  stuckPerSlot: 1,
  unknownBudgetMs: 60_000,
  maxBudgetMs: 86_400_000,
  marginRatio: 0.1,
  abortGraceMs: 500,
  maxInputChars: 1_048_576,
  maxOutputChars: 1_048_576,
  registerBaseMs: 250,
  registerCapMs: 15_000,
  cutPollAtStop: false,
})

/** `FleetTuning` with everything optional, one level deep. */
export type TuningOverrides = {
  readonly [K in keyof FleetTuning]?: FleetTuning[K] extends object ? Partial<FleetTuning[K]> : FleetTuning[K]
}

export function tuningWith(overrides: TuningOverrides = {}): FleetTuning {
  return Object.freeze({
    ...defaultTuning,
    ...overrides,
    poller: Object.freeze({ ...defaultTuning.poller, ...overrides.poller }),
    watcher: Object.freeze({ ...defaultTuning.watcher, ...overrides.watcher }),
  })
}

export interface FleetOptions {
  readonly bees: readonly Bee[]
  /** See `coloniesBroker`. */
  readonly broker: BrokerFactory
  readonly colony: string
  readonly ledger: Ledger
  /** Signs the receipts. */
  readonly receiptKey: SigningKey
  /** Submitters whose envelopes are accepted. */
  readonly trustedKeys: readonly TrustedKey[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Told of envelopes that were refused. @default nobody */
  readonly notify?: Notify | undefined
  /** Given to each bee's `services`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Base of fixed executor identities, 32 bytes.
   * @default fresh identities, in memory only; these need the colony key
   */
  readonly executorKey?: Uint8Array | undefined
  /** Name of the machine or pod, part of executor names. @default the host name */
  readonly host?: string | undefined
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined
  readonly tuning?: TuningOverrides | undefined
  /** Test signal: awaited after each step of each task. @default none */
  readonly onStep?: ((step: StepName, record: TaskRecord) => void | Promise<void>) | undefined
}

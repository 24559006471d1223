import type { Bee } from '../bee/index.ts'
import { BeeError } from '../errors.ts'
import { createBeeRunner } from './bee-runner.ts'
import type { BeeStatus } from './bee-status.ts'
import { type FleetOptions, tuningWith } from './fleet-options.ts'
import { createReceiptWriter } from './receipt-writer.ts'

export interface FleetStatus {
  readonly bees: readonly BeeStatus[]
  /** State of the database's breaker. */
  readonly breaker: 'closed' | 'open' | 'half_open'
  /** Receipts that are signed and not in the ledger yet. */
  readonly receiptsPending: number
}

/** How the hive ended. */
export interface FleetDrain {
  /**
   * - 0: everything finished or was given back, and every receipt is stored;
   * - 1: something was left to the broker's time limit, or a receipt is not stored.
   */
  readonly exitCode: 0 | 1
  readonly givenBack: number
  readonly left: number
  /** Handlers that were still running at the end, deaf to their signal; what they do changes nothing. */
  readonly stillRunning: number
  readonly receiptsPending: number
  readonly forced: boolean
  /** Milliseconds. */
  readonly durationMs: number
}

export interface StopOptions {
  /** Time for everything, ms. @default 30_000 */
  readonly graceMs?: number | undefined
}

export interface Fleet {
  /** Resolves when every bee has tried to register once; those that could not go on trying. Safe to call twice. */
  start(): Promise<void>
  /** Drains and ends; later calls get the same promise. Before start: ends at once. */
  stop(options?: StopOptions): Promise<FleetDrain>
  /** The second signal: cuts a stop short (and begins one if need be). */
  force(): Promise<FleetDrain>
  status(): FleetStatus
}

const DEFAULT_GRACE_MS = 30_000
const FLUSH_MS = 5_000
const FORCED_FLUSH_MS = 500

/**
 * The hive's fleet: one executor a bee, each with its own poller, slots and identity.
 * @throws BeeError BEE_BEE_DUPLICATE
 */
export function createFleet(options: FleetOptions): Fleet {
  const { clock, log, ledger, metrics } = options
  refuseDuplicates(options.bees)
  const random = options.random ?? Math.random
  const tuning = tuningWith(options.tuning)
  const writer = createReceiptWriter({
    ledger,
    clock,
    log,
    random,
    onGap: (executor, head) => {
      for (const runner of runners) runner.session(executor)?.signer.continueAfter(head)
    },
  })
  const runners = options.bees.map((bee) => createBeeRunner(bee, { options, tuning, log, random, writer }))
  // A counter that is not there before its first use hides that use from whoever looks at its increase.
  for (const bee of options.bees)
    for (const task of bee.tasks.values())
      for (const what of task.counts) metrics.taskCount(bee.name, task.name, what, 0)
  const forcing = new AbortController()
  let started: Promise<void> | null = null
  let stopped: Promise<FleetDrain> | null = null

  const drain = async (graceMs: number): Promise<FleetDrain> => {
    const beganMs = clock.monotonicMs()
    const deadlineMs = beganMs + graceMs
    const bees = await Promise.all(runners.map((runner) => runner.stop(deadlineMs, forcing.signal)))
    const nowMs = clock.monotonicMs()
    const flushUntilMs = forcing.signal.aborted ? nowMs + FORCED_FLUSH_MS : Math.max(deadlineMs, nowMs + FLUSH_MS)
    const receiptsPending = await writer.flush(flushUntilMs)
    const sum = (count: (bee: (typeof bees)[number]) => number): number =>
      bees.reduce((total, bee) => total + count(bee), 0)
    const left = sum((bee) => bee.left)
    const clean = left === 0 && receiptsPending === 0
    const durationMs = clock.monotonicMs() - beganMs
    metrics.drain(durationMs)
    return {
      exitCode: clean ? 0 : 1,
      givenBack: sum((bee) => bee.givenBack),
      left,
      stillRunning: sum((bee) => bee.stillRunning),
      receiptsPending,
      forced: forcing.signal.aborted,
      durationMs,
    }
  }

  return {
    start() {
      if (stopped !== null) return Promise.resolve()
      started ??= Promise.all(runners.map((runner) => runner.start())).then(() => undefined)
      return started
    },
    stop(stopOptions = {}) {
      stopped ??= drain(stopOptions.graceMs ?? DEFAULT_GRACE_MS)
      return stopped
    },
    force() {
      forcing.abort()
      stopped ??= drain(0)
      return stopped
    },
    status: () => ({
      bees: runners.map((runner) => runner.status()),
      breaker: ledger.breaker.state,
      receiptsPending: writer.pending,
    }),
  }
}

function refuseDuplicates(bees: readonly Bee[]): void {
  const twice = bees.find(({ name }, index) => bees.findIndex((bee) => bee.name === name) !== index)
  if (twice !== undefined) throw new BeeError('BEE_BEE_DUPLICATE', `two bees are called ${twice.name}`)
}

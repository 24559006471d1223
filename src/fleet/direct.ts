import { randomBytes } from 'node:crypto'
import type { Bee } from '../bee/index.ts'
import { digestOf, type Json } from '../canonical.ts'
import { BeeError } from '../errors.ts'
import type { Ledger } from '../ledger/index.ts'
import { type Clock, deadlineAt } from '../resilience/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import type { SigningKey } from '../trust/index.ts'
import { tuningWith } from './fleet-options.ts'
import { admit } from './pipeline/admit.ts'
import { runPipeline } from './pipeline.ts'
import { createReceiptSigner } from './receipt-signer.ts'
import { createReceiptWriter } from './receipt-writer.ts'
import { newRecord, type TaskRecord } from './task-record.ts'
import type { Workbench } from './workbench.ts'

export interface DirectOptions {
  readonly bees: readonly Bee[]
  readonly ledger: Ledger
  readonly colony: string
  /** @default no receipts */
  readonly receiptKey?: SigningKey | undefined
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly env: Readonly<Record<string, string | undefined>>
  readonly random?: (() => number) | undefined
}

export interface DirectRunOptions {
  /** End of everything, on the monotonic clock, milliseconds. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface DirectResult {
  /** `direct:` and the digest of bee, task and business key. */
  readonly process: string
  readonly outcome: 'applied' | 'replayed'
  /** As it would have been published at the broker. */
  readonly result: Json
  /** Compact JWS; undefined without a receipt key. */
  readonly receipt: string | undefined
}

/**
 * Runs a task here and now.
 * @throws BeeError of the class that the failure has; nothing is left with a broker, so the caller repeats
 */
export type RunDirect = (bee: string, task: string, input: Json, options: DirectRunOptions) => Promise<DirectResult>

/** A later run takes over from an earlier one: that one may have died between two transactions, with its executor. */
const fenceAt = (nowMs: number) => Object.freeze({ retries: 0, starttime: new Date(nowMs).toISOString() })
const never = new AbortController().signal

/**
 * The way of a task without a broker, for the webhook whose submit failed: same handler, same ledger keys, same
 * receipts. A submit that did arrive and this path together have one effect, because the business key is the same.
 */
export function createDirect(options: DirectOptions): RunDirect {
  const { clock, ledger, colony, receiptKey } = options
  const log = options.log.child({ path: 'direct' })
  const tuning = tuningWith()
  const executor = `direct:${randomBytes(9).toString('base64url')}`
  const signer =
    receiptKey === undefined ? null : createReceiptSigner({ key: receiptKey, colony, executor, now: () => clock.now() })
  const random = options.random ?? Math.random
  const writer = createReceiptWriter({
    ledger,
    clock,
    log,
    random,
    onGap: (_executor, head) => signer?.continueAfter(head),
  })
  const services = new Map<string, Promise<unknown>>()

  const servicesOf = (bee: Bee): Promise<unknown> => {
    const known = services.get(bee.name)
    if (known !== undefined) return known
    const built = bee.services(options.env)
    services.set(bee.name, built)
    // A failure is not for ever: the next run tries again.
    built.catch(() => services.delete(bee.name))
    return built
  }

  return async (beeName, taskName, input, { deadlineMs, signal }) => {
    const bee = options.bees.find(({ name }) => name === beeName)
    if (bee === undefined) throw new BeeError('BEE_TASK_UNKNOWN', `there is no bee ${JSON.stringify(beeName)} here`)
    const startedMs = clock.monotonicMs()
    const guard = deadlineAt(deadlineMs, clock).guard(signal)
    const bench: Workbench = {
      colony,
      clock,
      log: log.child({ bee: beeName, task: taskName }),
      ledger,
      services: await servicesOf(bee),
      metrics: options.metrics,
      trusted: null,
      signer,
      writer: signer === null ? null : writer,
      closer: null,
      reins: {
        signal: guard.signal,
        ownershipLost: never,
        shuttingDown: never,
        abortAtMs: deadlineMs,
        deadlineMs,
      },
      maxInputChars: tuning.maxInputChars,
      maxOutputChars: tuning.maxOutputChars,
      abortGraceMs: 0,
      onStuck: () => undefined,
    }
    try {
      const { processId, first } = await begin(bee, taskName, input, executor, bench)
      options.metrics.taskStarted(beeName, taskName, 0)
      const { ending, receipt } = await runPipeline(first, bench)
      const outcome = ending?.kind === 'done' ? ending.outcome : ending?.kind === 'failed' ? 'failed' : 'retryable'
      options.metrics.taskFinished(beeName, taskName, outcome, clock.monotonicMs() - startedMs)
      if (ending?.kind === 'done') {
        return { process: processId, outcome: ending.outcome, result: ending.published, receipt: receipt?.jws }
      }
      throw ending?.error ?? new BeeError('BEE_INTERNAL', 'the pipeline ended without an ending')
    } finally {
      guard.release()
    }
  }
}

/** The process id hangs on the business key, which only an admitted input has. */
async function begin(bee: Bee, task: string, input: Json, executor: string, bench: Workbench) {
  const now = bench.clock.now()
  const assignment = Object.freeze({
    processId: 'direct:',
    task,
    kwargs: { input },
    executor,
    fence: fenceAt(now),
    submittedAt: now,
    assignedAt: now,
    budgetMs: null,
  })
  const looked = await admit(newRecord(bee, assignment, now), bench)
  if (looked.admission === null) throw refusalOf(looked)
  const { key, inputDigest } = looked.admission
  const processId = `direct:${digestOf({ bee: bee.name, task, key: key ?? inputDigest })}`
  return { processId, first: newRecord(bee, Object.freeze({ ...assignment, processId }), now) }
}

function refusalOf({ ending }: TaskRecord): BeeError {
  return ending === null || ending.kind === 'done' ? new BeeError('BEE_INTERNAL') : ending.error
}

import { BeeError, toBeeError } from '../errors.ts'
import {
  Breaker,
  Bulkhead,
  type Clock,
  type Deadline,
  deadlineAt,
  defaultBackoff,
  retry,
  systemClock,
  type Verdict,
} from '../resilience/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { classify } from './classify.ts'
import { readDeadLetter, readDeadLetters, readLetters, readRecorded, readRedrives } from './dead-letter-reply.ts'
import {
  readHead,
  readKeys,
  readProcess,
  readPublished,
  readQueried,
  readRevoked,
  readStored,
  readTransaction,
} from './reply.ts'
import { createRpc, type Rpc } from './rpc.ts'
import type { CallOptions, Ledger, RetryPolicy } from './types.ts'

export interface LedgerOptions {
  /** Base URL of the Supabase project, without a path. */
  readonly url: string
  /** Secret key of service_role, or of the narrower role `bee`. Never logged. */
  readonly key: string
  /** @default the global fetch, which keeps connections alive */
  readonly fetch?: typeof fetch | undefined
  /** Sends one call. @default bee_execute over HTTP, at `url` with `key` and `fetch` */
  readonly rpc?: Rpc | undefined
  readonly metrics?: Pick<Metrics, 'rpc' | 'retry' | 'breaker'> | undefined
  /** For calls that bring none of their own. @default 3 tries, 1 s × 2^n up to 30 s */
  readonly retry?: RetryPolicy | undefined
  /** Calls at once in this hive; keep it below the API's connection pool (10 by default). @default 8 */
  readonly concurrency?: number | undefined
  /** End of one try, body included, milliseconds; above the function's statement_timeout of 3 s. @default 4000 */
  readonly tryTimeoutMs?: number | undefined
  /** Least budget of one try, milliseconds; a try that would have less is not started. @default 250 */
  readonly minTryMs?: number | undefined
  readonly breaker?: BreakerSettings | undefined
  readonly clock?: Clock | undefined
  /** Uniform in [0, 1), for the jitter. @default Math.random */
  readonly random?: (() => number) | undefined
}

export interface BreakerSettings {
  /** Failures in a row that open it. @default 5 */
  readonly failures?: number | undefined
  /** How long it stays open the first time, milliseconds; doubles with each failed probe. @default 2000 */
  readonly openMs?: number | undefined
  /** @default 30_000 */
  readonly openCapMs?: number | undefined
}

/**
 * The caller's side of `bee_execute`: repeats what may be repeated with the same arguments inside the caller's budget,
 * and believes only replies that speak of the call that was made.
 */
export function createLedger(options: LedgerOptions): Ledger {
  const { metrics, clock = systemClock, tryTimeoutMs = 4000, minTryMs = 250 } = options
  const rpc = options.rpc ?? createRpc(options)
  const bulkhead = new Bulkhead({ limit: options.concurrency ?? 8 })
  const breaker = new Breaker({
    ...options.breaker,
    judge,
    clock,
    onChange: (state) => metrics?.breaker('database', state),
  })

  /** One request and what it meant. */
  const tryOnce = async <T>(
    op: string,
    call: object,
    read: (data: unknown) => T,
    deadline: Deadline,
    caller: AbortSignal | undefined,
  ): Promise<T> => {
    const startMs = clock.monotonicMs()
    const guard = deadline.child(tryTimeoutMs).guard(caller)
    try {
      const answer = await rpc({ v: 1, op, ...call }, guard.signal)
      const error = answer.status === 0 && guard.signal.aborted ? noAnswer(caller) : classify(answer)
      if (error !== undefined) throw error
      const result = read(answer.data)
      metrics?.rpc(op, 'ok', clock.monotonicMs() - startMs)
      return result
    } catch (thrown) {
      const error = toBeeError(thrown)
      metrics?.rpc(op, error.failure, clock.monotonicMs() - startMs)
      throw error
    } finally {
      guard.release()
    }
  }

  /** A place among the calls at once, then one try through the breaker. */
  const attempt = async <T>(deadline: Deadline, how: CallOptions, work: () => Promise<T>): Promise<T> => {
    const waiting = deadline.guard(how.signal)
    let leave: (() => void) | undefined
    try {
      leave = await bulkhead.enter(waiting.signal)
      if (!deadline.fits(minTryMs)) throw new BeeError('BEE_DEADLINE')
      return await breaker.run(work)
    } catch (thrown) {
      throw toBeeError(thrown, 'BEE_CANCELLED')
    } finally {
      waiting.release()
      leave?.()
    }
  }

  const run = async <T>(op: string, call: object, read: (data: unknown) => T, how: CallOptions): Promise<T> => {
    const deadline = deadlineAt(how.deadlineMs, clock)
    let unknown: BeeError | undefined
    const once = async (): Promise<T> => {
      try {
        return await attempt(deadline, how, () => tryOnce(op, call, read, deadline, how.signal))
      } catch (thrown) {
        const error = toBeeError(thrown)
        if (error.failure === 'unknown_outcome') unknown = error
        throw error
      }
    }
    try {
      return await retry(once, {
        backoff: how.retry ?? options.retry ?? defaultBackoff,
        deadline,
        minTryMs,
        signal: how.signal,
        onRetry: () => metrics?.retry(op),
        clock,
        random: options.random,
      })
    } catch (thrown) {
      const error = toBeeError(thrown)
      // An earlier try may have committed. Only an answer from inside bee_execute, which looks for that first, settles it.
      if (unknown !== undefined && !isDecided(error)) throw unknown
      throw error
    }
  }

  return Object.freeze<Ledger>({
    transact: (call, how) => run('execute', call, (data) => readTransaction(call, data), how),
    query: (call, how) => run('query', call, (data) => readQueried(call, data), how),
    storeReceipts: async (receipts, how) => {
      if (receipts.length === 0) return
      await run('store_receipts', { receipts }, (data) => readStored(receipts, data), how)
    },
    receiptHead: (colony, executor, how) =>
      run('receipt_head', { colony, executor }, (data) => readHead(executor, data), how),
    revoke: (colony, process, reason, how) =>
      run('revoke', { colony, process, reason }, (data) => readRevoked(process, data), how),
    publishKey: (key, how) => run('publish_key', key, (data) => readPublished(key.kid, data), how),
    keys: (how) => run('keys', {}, readKeys, how),
    read: (colony, process, how) => run('read', { colony, process }, (data) => readProcess(process, data), how),
    deadLetter: (letter, how) =>
      run('dead_letter', letter, (data) => readDeadLetter(letter.source, letter.id, data), how),
    deadLetters: (page, how) => run('dead_letters', page, readDeadLetters, how),
    readDeadLetter: (source, id, how) =>
      run('dead_letter_read', { source, id }, (data) => readLetters(source, id, data), how),
    recordRedrive: (redrive, how) => run('record_redrive', redrive, (data) => readRecorded(redrive, data), how),
    redrives: (colony, subjects, how) => run('redrives', { colony, subjects }, readRedrives, how),
    breaker,
  })
}

/** We stopped waiting. The statement runs on at the other side, so nobody knows. */
function noAnswer(caller: AbortSignal | undefined): BeeError {
  const stopped = caller?.aborted === true
  return new BeeError(
    'BEE_TRANSACTION_UNKNOWN',
    stopped ? 'The caller stopped waiting for the database.' : 'The database did not answer in time.',
    { details: { status: 0, stopped }, ...(stopped ? { cause: caller.reason } : {}) },
  )
}

/** Whether the error is an answer of bee_execute itself: a refusal, or the SQLSTATE with which the task was refused. */
function isDecided(error: BeeError): boolean {
  const { outcome, sqlstate } = error.details
  return outcome !== undefined || (error.code === 'BEE_TRANSACTION_REFUSED' && String(sqlstate ?? '').length === 5)
}

/** What an error says about the database as a whole. */
function judge(error: BeeError): Verdict {
  // A wrong key is everybody's trouble: better no polls than tasks that cannot be settled. A right that one task's SQL
  // lacks (42501) is its own.
  if (error.code === 'BEE_TRANSACTION_FORBIDDEN') return error.details['sqlstate'] === '42501' ? 'success' : 'failure'
  if (error.code !== 'BEE_TRANSACTION_UNKNOWN' && error.code !== 'BEE_TRANSACTION_TRANSIENT') return 'success'
  if (error.details['stopped'] === true) return 'neutral'
  // Lock waits and deadlocks come from calls that meet on one row; the database itself is well.
  const sqlstate = String(error.details['sqlstate'] ?? '')
  return sqlstate.startsWith('40') || sqlstate === '55P03' ? 'neutral' : 'failure'
}

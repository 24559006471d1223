import { BeeError, toBeeError } from '../errors.ts'
import type { Ledger, ReceiptHead, StoredReceipt } from '../ledger/index.ts'
import { type Clock, fullJitterMs } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'

export interface ReceiptWriterOptions {
  readonly ledger: Pick<Ledger, 'storeReceipts'>
  readonly clock: Clock
  readonly log: Log
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Most receipts in one call. @default 200 */
  readonly batch?: number | undefined
  /** Bound of one store call with its retries, ms. @default 10_000 */
  readonly callMs?: number | undefined
  /** The ledger has another end of this executor's chain than we thought; null: it has none. */
  readonly onGap: (executor: string, head: ReceiptHead | null) => void
}

export interface ReceiptWriter {
  /** Receipts that are not in the ledger yet. */
  readonly pending: number
  /** Queues a receipt. Called in the order of signing, since the ledger takes a chain in order only. */
  add(receipt: StoredReceipt): void
  /**
   * Resolves when the receipt is in the ledger.
   * @throws BeeError BEE_DEADLINE when that has not happened by `deadlineMs` (it stays queued, since the chain needs
   * it), BEE_RECEIPT_CHAIN_BROKEN (retryable), or the ledger's terminal error
   */
  stored(receipt: StoredReceipt, deadlineMs: number): Promise<void>
  /** Waits until everything is stored or the deadline (monotonic ms) passes. @returns how many are not stored */
  flush(deadlineMs: number): Promise<number>
}

interface Waiting {
  readonly receipt: StoredReceipt
  readonly end: (error: BeeError | null) => void
}

const BACKOFF = { tries: 1, baseMs: 250, factor: 2, capMs: 5_000 }

/**
 * Stores receipts by group commit: one call is in flight, the next one takes all that gathered meanwhile. Receipts go
 * in the order in which they were signed and stay queued until the ledger has them.
 */
export function createReceiptWriter(options: ReceiptWriterOptions): ReceiptWriter {
  const { ledger, clock, log, random, batch = 200, callMs = 10_000 } = options
  const results = new Map<string, Promise<BeeError | null>>()
  let queue: readonly Waiting[] = []
  let working: Promise<void> | null = null

  const storeBatch = async (group: readonly Waiting[]): Promise<BeeError | null> => {
    try {
      const receipts = group.map(({ receipt }) => receipt)
      await ledger.storeReceipts(receipts, { deadlineMs: clock.monotonicMs() + callMs })
      return null
    } catch (thrown) {
      return toBeeError(thrown)
    }
  }

  const finish = (which: (waiting: Waiting) => boolean, error: BeeError | null): void => {
    const finished = queue.filter(which)
    queue = queue.filter((waiting) => !which(waiting))
    for (const { end } of finished) end(error)
  }

  /** The chain goes on elsewhere: what was signed on the old end is void, and its processes are run again. */
  const breakChain = (group: readonly Waiting[], error: BeeError): void => {
    const executor = group[Number(error.details['index'] ?? 0)]?.receipt.executor ?? group[0]?.receipt.executor
    const seq = Number(error.details['headSeq'] ?? 0)
    log.error(
      { executor, code: error.code, reason: error.message },
      'the chain of receipts starts again at the end that the ledger has',
    )
    if (executor === undefined) return
    options.onGap(executor, seq > 0 ? { seq, digest: String(error.details['headDigest']) } : null)
    finish(
      ({ receipt }) => receipt.executor === executor,
      new BeeError(error.code, error.message, { failure: 'retryable' }),
    )
  }

  const work = async (): Promise<void> => {
    let size = batch
    for (let failures = 0; queue.length > 0; ) {
      const group = queue.slice(0, size)
      const error = await storeBatch(group)
      if (error === null) {
        finish((waiting) => group.includes(waiting), null)
        failures = 0
        size = batch
      } else if (error.code === 'BEE_RECEIPT_CHAIN_BROKEN') {
        breakChain(group, error)
      } else if (error.failure === 'terminal' && group.length > 1) {
        size = 1
      } else if (error.failure === 'terminal') {
        log.error({ code: error.code, reason: error.message }, 'the ledger refuses a receipt for good')
        finish((waiting) => group.includes(waiting), error)
      } else {
        failures += 1
        log.warn({ code: error.code, pending: queue.length }, 'receipts wait for the ledger')
        await clock.sleep(fullJitterMs(failures, BACKOFF, random))
      }
    }
    working = null
  }

  return {
    get pending() {
      return queue.length
    },
    add(receipt) {
      const { promise, resolve } = Promise.withResolvers<BeeError | null>()
      const end = (error: BeeError | null): void => {
        results.delete(receipt.digest)
        resolve(error)
      }
      results.set(receipt.digest, promise)
      queue = [...queue, { receipt, end }]
      working ??= work()
    },
    async stored(receipt, deadlineMs) {
      const result = results.get(receipt.digest)
      if (result === undefined) return
      const { promise: late, resolve } = Promise.withResolvers<BeeError>()
      const cancelTimer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () =>
        resolve(new BeeError('BEE_DEADLINE', 'the ledger has not taken the receipt in time')),
      )
      const error = await Promise.race([result, late])
      cancelTimer()
      if (error !== null) throw error
    },
    async flush(deadlineMs) {
      if (working !== null) {
        await Promise.race([working, clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()))])
      }
      return queue.length
    },
  }
}

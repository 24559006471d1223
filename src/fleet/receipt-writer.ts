import { BeeError, toBeeError } from '../errors.ts'
import type { Ledger, StoredReceipt } from '../ledger/index.ts'
import type { Clock } from '../resilience/index.ts'
import { fullJitterMs } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'

export interface ReceiptWriterOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Most receipts in one call. @default 200 */
  readonly batch?: number | undefined
  /** Bound of one store call with its retries, ms. @default 5_000 */
  readonly callMs?: number | undefined
}

export interface ReceiptWriter {
  /** Receipts that are not in the ledger yet. */
  readonly pending: number
  /**
   * Resolves when the receipt is in the ledger.
   * @throws BeeError BEE_DEADLINE when that has not happened by `deadlineMs` (it stays queued, since the chain needs
   * it), or the ledger's terminal error
   */
  store(receipt: StoredReceipt, deadlineMs: number): Promise<void>
  /** Waits until everything is stored or the deadline (monotonic ms) passes. @returns how many are not stored */
  flush(deadlineMs: number): Promise<number>
}

interface Waiting {
  readonly receipt: StoredReceipt
  readonly settle: (error: BeeError | null) => void
}

const BACKOFF = { tries: 1, baseMs: 250, factor: 2, capMs: 5_000 }

/**
 * Stores receipts by group commit: one call is in flight, the next one takes all that gathered meanwhile. Receipts go
 * in the order in which they were signed and stay queued until the ledger has them.
 */
export function createReceiptWriter(options: ReceiptWriterOptions): ReceiptWriter {
  const { ledger, clock, log, random, batch = 200, callMs = 5_000 } = options
  let queue: readonly Waiting[] = []
  let working = false
  let idle: (() => void)[] = []

  const storeBatch = async (group: readonly Waiting[]): Promise<BeeError | null> => {
    try {
      const receipts = group.map(({ receipt }) => receipt)
      await ledger.storeReceipts(receipts, { deadlineMs: clock.monotonicMs() + callMs })
      return null
    } catch (thrown) {
      return toBeeError(thrown)
    }
  }

  const done = (group: readonly Waiting[], error: BeeError | null): void => {
    queue = queue.slice(group.length)
    for (const { settle } of group) settle(error)
  }

  const work = async (): Promise<void> => {
    let size = batch
    for (let failures = 0; queue.length > 0; ) {
      const group = queue.slice(0, size)
      const error = await storeBatch(group)
      if (error === null || (isFinal(error) && group.length === 1)) {
        // One that the ledger refuses for good must not hold up the others; the gap in the chain tells of it.
        if (error !== null) log.error({ code: error.code, reason: error.message }, 'the ledger refuses a receipt for good')
        done(group, error)
        failures = 0
        size = error === null ? batch : size
      } else if (isFinal(error)) {
        size = 1
      } else {
        failures += 1
        log.warn({ code: error.code, pending: queue.length }, 'receipts wait for the ledger')
        await clock.sleep(fullJitterMs(failures, BACKOFF, random))
      }
    }
    working = false
    for (const wake of idle.splice(0)) wake()
  }

  const startWork = (): void => {
    if (working) return
    working = true
    void work()
  }

  return {
    get pending() {
      return queue.length
    },
    store(receipt, deadlineMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const cancelTimer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () =>
        reject(new BeeError('BEE_DEADLINE', 'the ledger has not taken the receipt in time')),
      )
      const settle = (error: BeeError | null): void => {
        cancelTimer()
        if (error === null) resolve()
        else reject(error)
      }
      queue = [...queue, { receipt, settle }]
      startWork()
      return promise
    },
    async flush(deadlineMs) {
      if (working) {
        const { promise, resolve } = Promise.withResolvers<void>()
        idle = [...idle, resolve]
        await Promise.race([promise, clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()))])
      }
      return queue.length
    },
  }
}

const isFinal = (error: BeeError): boolean => error.failure === 'terminal'

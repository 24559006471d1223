import type { Transact, Transaction, TransactOptions } from '../../bee/index.ts'
import type { Json } from '../../canonical.ts'
import { BeeError } from '../../errors.ts'
import type { TransactionResult } from '../../ledger/index.ts'
import { type Admission, advance, type TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'

export interface TransactOfRun {
  readonly transact: Transact
  /** What has been committed through it so far, in step order. */
  readonly results: () => readonly TransactionResult[]
  /** Refuses further calls and waits for those that the handler started without waiting for them. */
  readonly finish: () => Promise<void>
}

/** As many as a receipt can speak of. */
const MOST_CALLS = 1000

/**
 * The `transact` of one run: numbers the steps, carries the fence and the nonce, and spends the process's budget.
 */
export function createTransact(record: TaskRecord, admission: Admission, bench: Workbench): TransactOfRun {
  const { assignment, bee } = record
  const done: TransactionResult[] = []
  const open = new Set<Promise<void>>()
  let calls = 0
  let finished = false

  const transact: Transact = (payload, options) => {
    const call = perform(payload, options)
    const settled: Promise<void> = call.then(
      () => void open.delete(settled),
      () => void open.delete(settled),
    )
    open.add(settled)
    return call
  }

  const perform = async (payload?: Json, options: TransactOptions = {}): Promise<Transaction> => {
    calls += 1
    const step = options.step ?? calls
    if (finished) throw new BeeError('BEE_HANDLER_REFUSED', 'transact: called after the handler had ended')
    if (calls > MOST_CALLS) {
      throw new BeeError('BEE_HANDLER_REFUSED', `transact: called more than ${MOST_CALLS} times in one process`)
    }
    if (!Number.isSafeInteger(step) || step < 1) {
      throw new BeeError('BEE_HANDLER_REFUSED', `transact: expected step to be an integer from 1, received ${step}`)
    }
    const result = await bench.ledger.transact(
      {
        colony: bench.colony,
        process: assignment.processId,
        executor: assignment.executor,
        fence: assignment.fence,
        bee: bee.name,
        task: admission.task.name,
        step,
        key: admission.key,
        input_digest: admission.inputDigest,
        schema_hash: admission.task.schemaHash,
        nonce: admission.nonce,
        // The input came as JSON; what its schema makes of it must stay JSON, which the ledger's client checks.
        payload: payload ?? (admission.input as Json),
      },
      { signal: bench.reins.signal, deadlineMs: bench.reins.abortAtMs, retry: admission.task.retry },
    )
    done.push(result)
    await bench.onStep?.('transact', advance(record, { admission, transactions: Object.freeze([...done]) }))
    return result
  }

  return {
    transact,
    async finish() {
      finished = true
      await Promise.all(open)
    },
    results: () => Object.freeze([...done].sort((a, b) => a.step - b.step)),
  }
}

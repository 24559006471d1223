import { digestOf } from '../../canonical.ts'
import type { StoredReceipt } from '../../ledger/index.ts'
import { advance, type Ending, type TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'
import type { Step } from './step.ts'

/** Where no task was found there is no schema: a digest of nothing stands for it. */
const NO_DIGEST = '0'.repeat(64)

/** Signs what happened and queues the receipt at once: what takes a place in the executor's chain must be stored. */
export const sign: Step = (record, bench) => {
  const { ending } = record
  if (bench.signer === null || ending === null || (ending.kind !== 'done' && ending.kind !== 'failed')) return record
  const { claims, digest, seq, previous, kid, jws } = bench.signer.sign(draft(record, ending, bench))
  const receipt: StoredReceipt = Object.freeze({
    digest,
    colony: bench.colony,
    process: record.assignment.processId,
    executor: claims.executor,
    seq,
    previous,
    kid,
    outcome: claims.outcome,
    ledger_ids: claims.ledger.map(({ id }) => id),
    jws,
  })
  bench.writer?.add(receipt)
  return advance(record, { receipt })
}

function draft(record: TaskRecord, ending: Extract<Ending, { kind: 'done' | 'failed' }>, { clock }: Workbench) {
  const { assignment, admission } = record
  const done = ending.kind === 'done'
  return {
    process: assignment.processId,
    fence: assignment.fence,
    bee: record.bee.name,
    // The claim is a name of 1 to 256 characters; what a stranger submitted may be longer, and cut within a character.
    task: assignment.task.slice(0, 256).toWellFormed() || '?',
    schema: admission?.task.schemaHash ?? record.bee.tasks.get(assignment.task)?.schemaHash ?? NO_DIGEST,
    input: admission?.inputDigest ?? digestOfWhatCame(assignment.kwargs['input']),
    outcome: done ? ending.outcome : ('failed' as const),
    output: done ? digestOf(ending.published) : null,
    error: done ? null : ending.error.code,
    ledger: record.transactions.map(({ ledgerId, step, output }) => ({ id: ledgerId, step, output: digestOf(output) })),
    started: new Date(record.startedAt).toISOString(),
    finished: new Date(clock.now()).toISOString(),
  }
}

function digestOfWhatCame(input: unknown): string {
  try {
    return digestOf(input)
  } catch {
    return NO_DIGEST
  }
}

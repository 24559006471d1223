import { toBeeError } from '../../errors.ts'
import type { CloseOutcome } from '../broker.ts'
import { advance, type Ending, type TaskRecord } from '../task-record.ts'
import type { Closer, Workbench } from '../workbench.ts'
import type { Step } from './step.ts'

/** Tells the broker. A refused close is no error: the work is done, or the process belongs to somebody else. */
export const close: Step = async (record, bench) => {
  const { ending } = record
  if (bench.closer === null || ending === null || (ending.kind !== 'done' && ending.kind !== 'failed')) return record
  // A newer assignment of ours exists: this close would land on it, since the broker compares executors only.
  if (bench.reins.ownershipLost.aborted) {
    return advance(record, { ending: { kind: 'dropped', error: toBeeError(bench.reins.ownershipLost.reason) } })
  }
  const closing = await send(record, ending, bench, bench.closer)
  if (closing.kind === 'refused') bench.log.info({ state: closing.state }, 'the broker refused the close')
  if (closing.kind === 'error') {
    bench.log.warn(
      { code: closing.error.code },
      'the close did not reach the broker, which hands the process out again',
    )
  }
  return advance(record, { closing })
}

function send(record: TaskRecord, ending: Ending, bench: Workbench, closer: Closer): Promise<CloseOutcome> {
  const { processId } = record.assignment
  const receipt = record.receipt?.jws
  const budget = { deadlineMs: bench.reins.deadlineMs }
  closer.markClosing()
  if (ending.kind === 'done') {
    const result = ending.published
    return closer.close(processId, receipt === undefined ? { result } : { result, receipt }, budget)
  }
  const errors = ending.kind === 'failed' ? [`${ending.error.code}: ${ending.error.message}`] : []
  return closer.fail(processId, receipt === undefined ? errors : [...errors, `receipt: ${receipt}`], budget)
}

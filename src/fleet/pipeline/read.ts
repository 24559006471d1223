import type { Read } from '../../bee/index.ts'
import { BeeError } from '../../errors.ts'
import type { Admission, TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'

/** The `read` of one run: a look at the database that leaves no trace there. It ends with the run. */
export function createRead({ assignment, bee }: TaskRecord, { task }: Admission, bench: Workbench): Read {
  return async (payload) => {
    if (!task.reads) throw new BeeError('BEE_HANDLER_REFUSED', `read: task ${task.name} does not say reads: true`)
    return bench.ledger.query(
      { colony: bench.colony, process: assignment.processId, bee: bee.name, task: task.name, payload },
      { signal: bench.reins.signal, deadlineMs: bench.reins.abortAtMs, retry: task.retry },
    )
  }
}

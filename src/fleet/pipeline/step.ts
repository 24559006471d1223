import type { TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'

/** From one frozen record to the next. Failures are endings in the record; a step does not reject. */
export type Step = (record: TaskRecord, bench: Workbench) => TaskRecord | Promise<TaskRecord>

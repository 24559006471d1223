import type { ServerContext } from './context.ts'
import type { Executor } from './directory.ts'
import { processColumns, toProcessRow } from './process-row.ts'
import type { Row } from './store.ts'

/**
 * Unregisters an executor: state 3, its functions are dropped, its running processes go back to the queue with
 * `retries` and `execdeadline` unchanged. Nobody is told by event, as in the original; waiting long-polls are.
 */
export async function unregister(executor: Executor, context: ServerContext): Promise<void> {
  const { colonyname, executorname, executorid } = executor
  const requeued = await context.store.transaction(async (transaction) => {
    await transaction.query(`delete from $schema.functions where colonyname = $1 and executorname = $2`, [
      colonyname,
      executorname,
    ])
    const rows = await transaction.query<Row>(
      `update $schema.processes as p
       set state = 0, isassigned = false, assignedexecutorid = '', starttime = 0, endtime = 0
       where p.assignedexecutorid = $1 and p.colonyname = $2 and p.state = 1
       returning ${processColumns}`,
      [executorid, colonyname],
    )
    const current = context.directory.executor(colonyname, executorname) ?? executor
    await context.directory.saveExecutor({ ...current, state: 3 }, transaction)
    return rows.map(toProcessRow)
  })
  for (const process of requeued) context.waiters.announce(process)
}

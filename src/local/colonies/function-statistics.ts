import type { ServerContext } from './context.ts'
import { executorById } from './membership.ts'
import type { ProcessRow } from './process-row.ts'

/**
 * Counts calls of `closed` (processid, colonyname, funcname, submissiontime, starttime, endtime) in the rows of the
 * function, if the executor named $executor registered it. "Average" is the mean of the old value and the new one, as
 * in the original.
 */
export const countSql = (executorname: string) => `update $schema.functions as f set
    counter = f.counter + 1,
    minwaittime = case when f.counter = 0 then call.waited else least(f.minwaittime, call.waited) end,
    maxwaittime = greatest(f.maxwaittime, call.waited),
    minexectime = case when f.counter = 0 then call.ran else least(f.minexectime, call.ran) end,
    maxexectime = greatest(f.maxexectime, call.ran),
    avgwaittime = case when f.counter = 0 then call.waited else (f.avgwaittime + call.waited) / 2 end,
    avgexectime = case when f.counter = 0 then call.ran else (f.avgexectime + call.ran) / 2 end
  from (
    select colonyname, funcname, (starttime - submissiontime) / 1e6 as waited, (endtime - starttime) / 1e6 as ran
    from closed
  ) as call
  where f.colonyname = call.colonyname and f.funcname = call.funcname and f.executorname = ${executorname}
  returning f.functionid`

/** Counts a successful close that was not counted by the statement that closed it. */
export async function countCall(process: ProcessRow, executorid: string, context: ServerContext): Promise<void> {
  const executor = executorById(process.colonyname, executorid, context)
  if (executor === undefined) return
  await context.store.query(`with closed as (select * from $schema.processes where processid = $1) ${countSql('$2')}`, [
    process.processid,
    executor.executorname,
  ])
}

import type { ServerContext } from './context.ts'
import { executorById } from './membership.ts'
import type { ProcessRow } from './process-row.ts'

const usPerS = 1_000_000

/**
 * Counts a successful close in the rows of the function, if its executor registered it. "Average" is the mean of the
 * old value and the new one, as in the original.
 * @returns whether the function is registered
 */
export async function countCall(process: ProcessRow, executorid: string, context: ServerContext): Promise<boolean> {
  const executor = executorById(process.colonyname, executorid, context)
  if (executor === undefined) return false
  const rows = await context.store.query(
    `update $schema.functions set
       counter = counter + 1,
       minwaittime = case when counter = 0 then $4 else least(minwaittime, $4) end,
       maxwaittime = greatest(maxwaittime, $4),
       minexectime = case when counter = 0 then $5 else least(minexectime, $5) end,
       maxexectime = greatest(maxexectime, $5),
       avgwaittime = case when counter = 0 then $4 else (avgwaittime + $4) / 2 end,
       avgexectime = case when counter = 0 then $5 else (avgexectime + $5) / 2 end
     where colonyname = $1 and executorname = $2 and funcname = $3
     returning functionid`,
    [
      process.colonyname,
      executor.executorname,
      process.funcname,
      (process.starttime - process.submissiontime) / usPerS,
      (process.endtime - process.starttime) / usPerS,
    ],
  )
  return rows.length > 0
}

/** The rules of matching, once for the waiting long-polls and once as SQL. Both must say the same. */

import type { Settings } from './options.ts'
import { type ProcessRow, processColumns, toProcessRow } from './process-row.ts'
import type { Queryable, Row } from './store.ts'
import type { Matches, WorkRequest } from './waiters.ts'

/** Larger demands never match in the original. */
const maxCount = 127

export function createMatches({ exclusiveAssign }: Pick<Settings, 'exclusiveAssign'>): Matches {
  return (process, { executor, availableCpu, availableMem }) =>
    process.state === 0 &&
    !process.waitforparents &&
    process.colonyname === executor.colonyname &&
    process.executortype === executor.executortype &&
    isNamed(process.executornames, executor.executorname, exclusiveAssign) &&
    (process.locationname === '' || process.locationname.toLowerCase() === executor.locationname.toLowerCase()) &&
    process.cpu <= availableCpu &&
    process.mem <= availableMem &&
    process.nodes <= maxCount &&
    process.processes <= maxCount &&
    process.processespernode <= maxCount &&
    (!exclusiveAssign || process.storage <= 0)
}

function isNamed(names: readonly string[] | null, name: string, exclusive: boolean): boolean {
  return names === null || names.length === 0 || names.includes(name) || (!exclusive && names.includes('*'))
}

/**
 * Assigns the first matching process of the colony in one statement: no other call can get the same one. Rows locked
 * by others are skipped. $1 colony, $2 type, $3 name, $4 lower-case location, $5 cpu, $6 mem, $7 executor id, $8 now.
 */
const assignSql = (exclusive: boolean) => `update $schema.processes as p set
    state = 1, isassigned = true, assignedexecutorid = $7, starttime = $8,
    execdeadline = case when p.maxexectime > 0 then $8::bigint + p.maxexectime * 1000000 else 0 end
  where p.processid = (
    select waiting.processid from $schema.processes as waiting
    where waiting.colonyname = $1 and waiting.executortype = $2 and waiting.state = 0 and not waiting.waitforparents
      and (waiting.executornames is null or cardinality(waiting.executornames) = 0
        or $3 = any (waiting.executornames)${exclusive ? '' : ` or '*' = any (waiting.executornames)`})
      and (waiting.locationname = '' or lower(waiting.locationname) = $4)
      and waiting.cpu <= $5 and waiting.mem <= $6
      and waiting.nodes <= ${maxCount} and waiting.processes <= ${maxCount} and waiting.processespernode <= ${maxCount}
      ${exclusive ? 'and waiting.storage <= 0' : ''}
    order by waiting.prioritytime
    limit 1
    for update skip locked)
  returning ${processColumns}`

const distributedSql = assignSql(false)
const exclusiveSql = assignSql(true)
const unlimited = Number.MAX_SAFE_INTEGER

/** @returns the process, now running and assigned to the executor, or undefined when nothing matches */
export async function assignOne(
  { executor, availableCpu, availableMem }: WorkRequest,
  nowUs: number,
  { exclusiveAssign }: Settings,
  queryable: Queryable,
): Promise<ProcessRow | undefined> {
  const rows = await queryable.query<Row>(exclusiveAssign ? exclusiveSql : distributedSql, [
    executor.colonyname,
    executor.executortype,
    executor.executorname,
    executor.locationname.toLowerCase(),
    Math.min(availableCpu, unlimited),
    Math.min(availableMem, unlimited),
    executor.executorid,
    nowUs,
  ])
  return rows[0] === undefined ? undefined : toProcessRow(rows[0])
}

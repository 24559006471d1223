import type { ServerContext } from '../context.ts'
import type { ProcessRow } from '../process-row.ts'
import type { Queryable } from '../store.ts'
import { announce } from './create-graph.ts'
import { type Resolved, resolveGraph } from './graph-store.ts'
import { joinJsonArrays } from './json-arrays.ts'

/** Joins in where processes of a graph are assigned and closed. */
export function setUp(context: ServerContext): void {
  const { hooks, store } = context
  // Graph before process, everywhere: nodes of one graph that end at once would lock each other out.
  hooks.beforeLock.push(async (processid, transaction) => {
    await transaction.query(
      `select 1 from $schema.processgraphs
       where processgraphid = (select processgraphid from $schema.processes where processid = $1)
       for update`,
      [processid],
    )
  })
  hooks.onClose.push(async (process, transaction) => {
    const resolved = await resolveGraph(process.processgraphid, transaction, context)
    return [() => tell(resolved, context)]
  })
  hooks.onAssign.push(async (process) => {
    tell(await store.transaction((transaction) => resolveGraph(process.processgraphid, transaction, context)), context)
    return await withInputs(process, store)
  })
  hooks.onColonyRemoved.push(async (colonyname, transaction) => {
    await transaction.query(`delete from $schema.processgraphs where colonyname = $1`, [colonyname])
  })
  hooks.onStatistics.push((colonyname) => countGraphs(colonyname, store))
}

function tell({ released, failed }: Resolved, context: ServerContext): void {
  for (const process of released) announce(process, context)
  for (const processid of failed) for (const hook of context.hooks.onGone) hook(processid)
}

/** `in` of a node is what its parents gave out, in the order of its dependencies; nothing given out shows as null. */
async function withInputs(process: ProcessRow, queryable: Queryable): Promise<ProcessRow> {
  if (process.parents.length === 0) return process
  const rows = await queryable.query<{ readonly processid: string; readonly out: string }>(
    `select processid, out from $schema.processes where processid = any($1)`,
    [process.parents],
  )
  const outOf = new Map(rows.map((row) => [row.processid, row.out]))
  const inputs = joinJsonArrays(process.parents.map((id) => outOf.get(id) ?? 'null')) ?? 'null'
  await queryable.query(`update $schema.processes set inputs = $2 where processid = $1`, [process.processid, inputs])
  return { ...process, inputs }
}

async function countGraphs(colonyname: string, queryable: Queryable): Promise<Readonly<Record<string, number>>> {
  const rows = await queryable.query<{ readonly state: number; readonly count: string }>(
    `select state, count(*) as count from $schema.processgraphs where colonyname = $1 group by state`,
    [colonyname],
  )
  const counts = new Map(rows.map((row) => [row.state, Number(row.count)]))
  return {
    waitingworkflows: counts.get(0) ?? 0,
    runningworkflows: counts.get(1) ?? 0,
    successfulworkflows: counts.get(2) ?? 0,
    failedworkflows: counts.get(3) ?? 0,
    cancelledworkflows: counts.get(4) ?? 0,
  }
}

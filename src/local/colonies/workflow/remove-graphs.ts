import type { ServerContext } from '../context.ts'
import type { Queryable } from '../store.ts'

/** Deletes a graph that does not run, with its processes. @returns false when it runs */
export async function removeGraph(processgraphid: string, context: ServerContext): Promise<boolean> {
  const gone = await context.store.transaction(async (transaction) => {
    const graphs = await transaction.query(
      `delete from $schema.processgraphs where processgraphid = $1 and state <> 1 returning processgraphid`,
      [processgraphid],
    )
    return graphs.length === 0
      ? undefined
      : await deleteProcesses(`p.processgraphid = $1`, [processgraphid], transaction)
  })
  for (const id of gone ?? []) for (const hook of context.hooks.onGone) hook(id)
  return gone !== undefined
}

/**
 * Deletes the graphs of a colony in one state (-1 = all), and the processes of workflows in that state. As in the
 * original these are not only the processes of the deleted graphs.
 */
export async function removeAllGraphs(colonyname: string, state: number, context: ServerContext): Promise<void> {
  const gone = await context.store.transaction(async (transaction) => {
    await transaction.query(`delete from $schema.processgraphs where colonyname = $1 and ($2 = -1 or state = $2)`, [
      colonyname,
      state,
    ])
    const condition = `p.colonyname = $1 and p.processgraphid <> '' and ($2 = -1 or p.state = $2)`
    return await deleteProcesses(condition, [colonyname, state], transaction)
  })
  for (const id of gone) for (const hook of context.hooks.onGone) hook(id)
}

/** Cancels what waits or runs in a graph, without telling anybody, and the graph itself, whatever its state. */
export async function cancelGraph(processgraphid: string, context: ServerContext): Promise<void> {
  const nowUs = context.clock.nowUs()
  const gone = await context.store.transaction(async (transaction) => {
    await transaction.query(`update $schema.processgraphs set state = 4, endtime = $2 where processgraphid = $1`, [
      processgraphid,
      nowUs,
    ])
    return await transaction.query<{ readonly processid: string }>(
      `update $schema.processes set state = 4, endtime = $2
       where processgraphid = $1 and state in (0, 1) returning processid`,
      [processgraphid, nowUs],
    )
  })
  for (const { processid } of gone) for (const hook of context.hooks.onGone) hook(processid)
}

async function deleteProcesses(
  condition: string,
  values: readonly unknown[],
  transaction: Queryable,
): Promise<readonly string[]> {
  const rows = await transaction.query<{ readonly processid: string }>(
    `with gone as (
       delete from $schema.processes as p where ${condition} returning p.processid
     ), stripped as (
       delete from $schema.attributes where targetid in (select processid from gone)
     )
     select processid from gone`,
    values,
  )
  return rows.map((row) => row.processid)
}

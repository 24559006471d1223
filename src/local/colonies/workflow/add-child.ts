import type { ServerContext } from '../context.ts'
import { type FunctionSpec, newProcess } from '../funcspec.ts'
import type { ProcessRow } from '../process-row.ts'
import { findProcess, lockProcess, storeProcess } from '../process-store.ts'
import { malformed } from '../refusal.ts'
import type { Queryable } from '../store.ts'

export interface NewChild {
  readonly processgraphid: string
  readonly parentprocessid: string
  /** With `insert` false: a waiting node that gets the new one as a further parent; '' for none. */
  readonly childprocessid: string
  readonly spec: FunctionSpec
  /** Put the new node between the parent and all its children. */
  readonly insert: boolean
}

/**
 * Adds a node to a graph below a node that the caller runs. Refuses with 400.
 * @returns the new process, which waits for its parent
 */
export async function addChild(
  child: NewChild,
  callerId: string,
  transaction: Queryable,
  context: ServerContext,
): Promise<ProcessRow> {
  // The graph before its processes: the order in which everybody locks them.
  await transaction.query(`select 1 from $schema.processgraphs where processgraphid = $1 for update`, [
    child.processgraphid,
  ])
  const parent = await requireParent(child, callerId, transaction)
  const below = child.insert ? parent.children : await siblingChildren(child, transaction)
  const process = newProcess(child.spec, {
    initiatorid: '',
    initiatorname: '',
    nowUs: context.clock.nowUs(),
    workflow: {
      colonyname: parent.colonyname,
      processgraphid: parent.processgraphid,
      waitforparents: true,
      parents: [parent.processid],
      children: below,
    },
  })
  await storeProcess(process, transaction)
  const kept = child.insert ? [] : parent.children
  await transaction.query(`update $schema.processes set children = $2 where processid = $1`, [
    parent.processid,
    [...kept, process.processid],
  ])
  await transaction.query(
    `update $schema.processes
     set parents = array_append(case when $3 then array_remove(parents, $4) else parents end, $2)
     where processid = any($1)`,
    [below, process.processid, child.insert, parent.processid],
  )
  return process
}

async function requireParent(child: NewChild, callerId: string, transaction: Queryable): Promise<ProcessRow> {
  const parent = await lockProcess(child.parentprocessid, transaction)
  if (parent === undefined) throw malformed(`there is no process with the id <${child.parentprocessid}>`)
  if (parent.state !== 1) throw malformed('the parent does not run')
  if (parent.assignedexecutorid !== callerId) throw malformed('the parent is not assigned to the caller')
  if (parent.processgraphid === '' || parent.processgraphid !== child.processgraphid) {
    throw malformed('the parent is not part of this workflow')
  }
  return parent
}

async function siblingChildren(child: NewChild, transaction: Queryable): Promise<readonly string[]> {
  if (child.childprocessid === '') return []
  const below = await findProcess(child.childprocessid, transaction)
  const fits = below?.processgraphid === child.processgraphid && below.state === 0 && below.waitforparents
  if (!fits) throw malformed('the child must be a node of this workflow that waits for its parents')
  return [child.childprocessid]
}

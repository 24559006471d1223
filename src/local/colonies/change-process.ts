import type { ServerContext } from './context.ts'
import type { ProcessRow, ProcessState } from './process-row.ts'
import { lockProcess } from './process-store.ts'
import type { Refusal } from './refusal.ts'
import type { Queryable } from './store.ts'

export interface Change {
  /** Fields to be written; nothing to leave the row as it is. */
  readonly set?: Partial<ProcessRow>
  /** Thrown after the commit: a call may be refused and leave a trace all the same. */
  readonly refusal?: Refusal
  /** Fields in which the event differs from the row; nothing to emit no event. */
  readonly shown?: Partial<ProcessRow>
}

const finalStates: ReadonlySet<ProcessState> = new Set([2, 3, 4])

/**
 * Changes one process in a transaction: locks it, asks `decide`, writes, runs the graph hooks when it is a member of a
 * graph and has ended, commits, then emits the event and wakes waiting long-polls where it became assignable.
 * @returns the row after the change
 */
export async function changeProcess(
  processid: string,
  context: ServerContext,
  decide: (process: ProcessRow | undefined) => Change,
): Promise<ProcessRow | undefined> {
  const { change, after, before, followUps } = await context.store.transaction(async (transaction) => {
    for (const hook of context.hooks.beforeLock) await hook(processid, transaction)
    const before = await lockProcess(processid, transaction)
    const change = decide(before)
    const after = before === undefined || change.set === undefined ? before : { ...before, ...change.set }
    if (after !== undefined && after !== before) await writeProcess(after, transaction)
    const ended = after !== undefined && before?.state !== after.state && finalStates.has(after.state)
    const followUps: (() => void)[] = []
    if (ended && after.processgraphid !== '') {
      for (const hook of context.hooks.onClose) followUps.push(...(await hook(after, transaction)))
    }
    return { change, after, before, followUps }
  })
  if (after !== undefined && change.shown !== undefined) context.events.emit({ ...after, ...change.shown })
  if (after !== undefined && before?.state !== after.state) announceChange(after, context)
  for (const followUp of followUps) followUp()
  if (change.refusal !== undefined) throw change.refusal
  return after
}

function announceChange(process: ProcessRow, context: ServerContext): void {
  if (process.state === 0) context.waiters.announce(process)
  if (finalStates.has(process.state)) for (const hook of context.hooks.onGone) hook(process.processid)
}

/** Writes every column that changes in the life of a process. */
export async function writeProcess(process: ProcessRow, queryable: Queryable): Promise<void> {
  await queryable.query(
    `update $schema.processes set
       state = $2, isassigned = $3, assignedexecutorid = $4, starttime = $5, endtime = $6, waitdeadline = $7,
       execdeadline = $8, retries = $9, waitforparents = $10, parents = $11, children = $12, inputs = $13, out = $14,
       errors = $15
     where processid = $1`,
    [
      process.processid,
      process.state,
      process.isassigned,
      process.assignedexecutorid,
      process.starttime,
      process.endtime,
      process.waitdeadline,
      process.execdeadline,
      process.retries,
      process.waitforparents,
      process.parents,
      process.children,
      process.inputs,
      process.out,
      process.errors,
    ],
  )
}

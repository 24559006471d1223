import { changeProcess } from '../change-process.ts'
import type { Handler, HandlerTable } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import { requireColonyOwner, requireMember } from '../membership.ts'
import { requireProcess } from '../process-store.ts'
import { broken, malformed } from '../refusal.ts'
import { done } from '../reply.ts'

const identified = struct({ processid: text })

/** Deletes processes with their attributes; $1 and $2 belong to the condition. */
const deleteSql = (condition: string) => `with gone as (
    delete from $schema.processes as p where ${condition} returning p.processid
  ), stripped as (
    delete from $schema.attributes where targetid in (select processid from gone)
  )
  select processid from gone`

const deleteOne = deleteSql(`p.processid = $1 and p.state <> 1 and p.processgraphid = ''`)
const deleteMany = deleteSql(`p.colonyname = $1 and ($2 = -1 or p.state = $2) and p.processgraphid = ''`)

const removeProcess: Handler = async (message, caller, context) => {
  const { processid } = decode(identified, message)
  const process = await requireProcess(processid, context.store, broken)
  requireMember(process.colonyname, caller, context)
  const gone = await context.store.query(deleteOne, [processid])
  if (gone.length === 0) throw malformed('a process that runs or is part of a workflow cannot be removed')
  for (const hook of context.hooks.onGone) hook(processid)
  return done
}

const removeAllProcesses: Handler = async (message, caller, context) => {
  const { colonyname, state } = decode(struct({ colonyname: text, state: integer }), message)
  requireColonyOwner(colonyname, caller, context)
  if (state === 1) throw malformed('running processes cannot be removed')
  if (![-1, 0, 2, 3, 4].includes(state)) throw malformed('state must be -1, 0, 2, 3 or 4')
  const gone = await context.store.query<{ readonly processid: string }>(deleteMany, [colonyname, state])
  for (const { processid } of gone) for (const hook of context.hooks.onGone) hook(processid)
  return done
}

const cancelProcess: Handler = async (message, caller, context) => {
  const { processid } = decode(identified, message)
  await changeProcess(processid, context, (process) => {
    if (process === undefined) throw broken('there is no process with this id')
    requireMember(process.colonyname, caller, context)
    if (process.processgraphid !== '') throw malformed('a process of a workflow cannot be cancelled by itself')
    if (process.state > 1) throw malformed('the process has ended already')
    return { set: { state: 4, endtime: context.clock.nowUs() }, shown: {} }
  })
  return done
}

export const handlers: HandlerTable = {
  removeprocessmsg: removeProcess,
  removeallprocessesmsg: removeAllProcesses,
  cancelprocessmsg: cancelProcess,
}

import { changeProcess } from '../change-process.ts'
import type { Caller, Handler, HandlerTable, ServerContext } from '../context.ts'
import { anything, decode, listOf, struct, text } from '../decode.ts'
import { countCall, countSql } from '../function-statistics.ts'
import { encode, encodeAny } from '../json.ts'
import { requireMember } from '../membership.ts'
import { type ProcessRow, processColumns, toProcessRow } from '../process-row.ts'
import { broken, forbidden, malformed } from '../refusal.ts'
import { done } from '../reply.ts'
import type { Row } from '../store.ts'

const withOutput = struct({ processid: text, out: listOf(anything) })

/**
 * The ordinary close in one statement: running, not part of a graph, assigned to the caller. $1 process, $2 caller,
 * $3 output or null to keep the one that is set, $4 now, $5 colonies in which the caller is an approved executor,
 * $6 its names there.
 */
const closeSql = `with closed as (
    update $schema.processes as p
    set state = 2, endtime = $4, out = coalesce($3, p.out)
    from (select processid, out from $schema.processes where processid = $1 for update) as earlier
    where p.processid = earlier.processid and p.assignedexecutorid = $2 and p.state = 1 and p.processgraphid = ''
      and p.colonyname = any ($5)
    returning ${processColumns}, earlier.out as earlierout
  ), counted as (
    ${countSql('any ($6)')}
  )
  select closed.*, (select count(*) from counted) as counted from closed`

const closeSuccessful: Handler = async (message, caller, context) => {
  const { processid, out } = decode(withOutput, message)
  const output = out === null || out.length === 0 ? null : encodeAny(out)
  if (await closeAtOnce(processid, output, caller, context)) return done
  const process = await changeProcess(processid, context, (found) => {
    const process = requireAssigned(found, caller, context)
    const kept = output === null ? {} : { out: output }
    if (process.state > 2) {
      const refusal = malformed('the process has failed or was cancelled')
      return { set: kept, refusal }
    }
    const set = { state: 2, endtime: context.clock.nowUs(), ...kept } as const
    return { set, ...(process.state === 1 ? { shown: { out: process.out, endtime: 0 } } : {}) }
  })
  if (process !== undefined) await countCall(process, caller.id, context)
  return done
}

async function closeAtOnce(
  processid: string,
  output: string | null,
  caller: Caller,
  context: ServerContext,
): Promise<boolean> {
  const executors = context.directory
    .colonies()
    .flatMap((colony) => context.directory.executorsWithId(colony.name, caller.id))
    .filter((executor) => executor.state === 1)
  if (executors.length === 0) return false
  const [row] = await context.store.query<Row>(closeSql, [
    processid,
    caller.id,
    output,
    context.clock.nowUs(),
    executors.map((executor) => executor.colonyname),
    executors.map((executor) => executor.executorname),
  ])
  if (row === undefined) return false
  const process = toProcessRow(row)
  // Subscribers see the process as it was before, unless its function is registered: so does the original.
  const registered = Number(row['counted']) > 0
  context.events.emit(registered ? process : { ...process, out: String(row['earlierout']), endtime: 0 })
  for (const hook of context.hooks.onGone) hook(processid)
  return true
}

const closeFailed: Handler = async (message, caller, context) => {
  const { processid, errors } = decode(struct({ processid: text, errors: listOf(text) }), message)
  await changeProcess(processid, context, (found) => {
    const process = requireAssigned(found, caller, context)
    if (process.state !== 1) throw malformed('the process has ended already')
    const set = { state: 3, endtime: context.clock.nowUs(), errors: encode(errors) } as const
    return { set, shown: {} }
  })
  return done
}

const setOutput: Handler = async (message, caller, context) => {
  const { processid, out } = decode(withOutput, message)
  await changeProcess(processid, context, (found) => {
    const process = requireAssigned(found, caller, context)
    if (process.state !== 1) throw forbidden('the process is not running')
    return out === null || out.length === 0 ? {} : { set: { out: encodeAny(out) } }
  })
  return done
}

/** The process, if the caller is a member and the executor to which it is (or was last) assigned. */
function requireAssigned(process: ProcessRow | undefined, caller: Caller, context: ServerContext): ProcessRow {
  if (process === undefined) throw broken('there is no process with this id')
  requireMember(process.colonyname, caller, context)
  if (process.assignedexecutorid !== caller.id) throw forbidden('the process is not assigned to the caller')
  return process
}

export const handlers: HandlerTable = {
  closesuccessfulmsg: closeSuccessful,
  closefailedmsg: closeFailed,
  setoutputmsg: setOutput,
}

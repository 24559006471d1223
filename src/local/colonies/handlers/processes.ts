import type { Handler, HandlerTable } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import { listOrNull } from '../json.ts'
import { memberOf, requireColony, requireMember } from '../membership.ts'
import { processJson } from '../process-json.ts'
import { processColumns, toProcessRow } from '../process-row.ts'
import { requireProcess } from '../process-store.ts'
import { malformed } from '../refusal.ts'
import { reply, silence } from '../reply.ts'
import type { Row } from '../store.ts'

const maxCount = 100

const getProcess: Handler = async (message, caller, context) => {
  const { processid } = decode(struct({ processid: text }), message)
  const process = await requireProcess(processid, context.store)
  requireMember(process.colonyname, caller, context)
  return reply(processJson(process, context.formatTime))
}

const listRequest = struct({
  colonyname: text,
  count: integer,
  state: integer,
  executortype: text,
  label: text,
  initiator: text,
})

const orders: Readonly<Record<number, string>> = {
  0: 'p.prioritytime',
  1: 'p.starttime',
  2: 'p.endtime desc',
  3: 'p.endtime desc',
  4: 'p.endtime desc',
}

const getProcesses: Handler = async (message, caller, context) => {
  const { colonyname, count, state, executortype, label, initiator } = decode(listRequest, message)
  requireMember(colonyname, caller, context)
  if (count > maxCount) throw malformed(`count must not be above ${maxCount}`)
  const order = orders[state]
  if (order === undefined) throw malformed('state must be 0 to 4')
  // One filter counts: the type before the initiator before the label.
  let filter: readonly [string, string] = ['true or $4 = $4', '']
  if (executortype !== '') filter = ['p.executortype = $4', executortype]
  else if (initiator !== '') {
    const user = context.directory.users(colonyname).find((one) => one.name === initiator)
    if (user === undefined) throw malformed(`there is no user with the name <${initiator}>`)
    filter = ['p.initiatorid = $4', user.userid]
  } else if (label !== '') filter = [`p.label <> '' and md5(p.label) = md5($4) and p.label = $4`, label]
  const rows = await context.store.query<Row>(
    `select ${processColumns} from $schema.processes as p
     where p.colonyname = $1 and p.state = $2 and (${filter[0]}) order by ${order} limit $3`,
    [colonyname, state, count, filter[1]],
  )
  return reply(listOrNull(rows.map((row) => processJson(toProcessRow(row), context.formatTime))))
}

const historyRequest = struct({ colonyname: text, executorid: text, seconds: integer, state: integer })

const getHistory: Handler = async (message, caller, context) => {
  const { colonyname, executorid, seconds, state } = decode(historyRequest, message)
  requireColony(colonyname, context)
  if (memberOf(colonyname, caller.id, context) === undefined) return silence
  const rows = await context.store.query<Row>(
    `select ${processColumns} from $schema.processes as p
     where p.colonyname = $1 and p.state = $2 and p.submissiontime >= $3 and ($4 = '' or p.assignedexecutorid = $4)
     order by p.submissiontime`,
    [colonyname, state, context.clock.nowUs() - seconds * 1_000_000, executorid],
  )
  return reply(listOrNull(rows.map((row) => processJson(toProcessRow(row), context.formatTime))))
}

export const handlers: HandlerTable = {
  getprocessmsg: getProcess,
  getprocessesmsg: getProcesses,
  getprocesshistmsg: getHistory,
}

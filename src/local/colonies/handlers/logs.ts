import type { Handler, HandlerTable } from '../context.ts'
import { decode, flag, int64, integer, struct, text } from '../decode.ts'
import { sealRefusal } from '../envelope.ts'
import { type Json, listOrNull, Raw } from '../json.ts'
import { executorById, requireMember } from '../membership.ts'
import type { ProcessRow } from '../process-row.ts'
import { requireProcess } from '../process-store.ts'
import { broken, forbidden, malformed, Refusal } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import type { Queryable, Row } from '../store.ts'

const maxLogCount = 500
const maxSearchCount = 100
const maxSearchDays = 30
const usPerDay = 86_400_000_000

const insertLog = `insert into $schema.logs (colonyname, processid, executorname, message, timestampns)
  values ($1, $2, $3, $4, $5::bigint * 1000)`

const addLog: Handler = async (message, caller, context) => {
  const { processid, message: line } = decode(struct({ processid: text, message: text }), message)
  // Only what is needed: a process may carry megabytes.
  const [process] = await context.store.query<Pick<ProcessRow, 'colonyname' | 'state' | 'assignedexecutorid'>>(
    `select colonyname, state, assignedexecutorid from $schema.processes where processid = $1`,
    [processid],
  )
  if (process === undefined) throw broken('there is no process with this id')
  requireMember(process.colonyname, caller, context)
  if (process.state !== 1) throw forbidden('the process is not running')
  if (process.assignedexecutorid !== caller.id) throw forbidden('the process is not assigned to the caller')
  const name = executorById(process.colonyname, caller.id, context)?.executorname ?? ''
  await twice(context.store.query(insertLog, [process.colonyname, processid, name, line, context.clock.nowUs()]))
  return done
}

const addExecutorLog: Handler = async (message, caller, context) => {
  const request = decode(struct({ colonyname: text, executorname: text, message: text }), message)
  const member = requireMember(request.colonyname, caller, context)
  if (member.kind !== 'executor') throw forbidden('the caller is not an executor')
  if (member.name !== request.executorname) throw forbidden('an executor logs under its own name only')
  const values = [request.colonyname, '', request.executorname, request.message, context.clock.nowUs()]
  await twice(context.store.query(insertLog, values))
  return done
}

const getRequest = struct({
  colonyname: text,
  processid: text,
  executorname: text,
  count: integer,
  since: int64,
  latest: flag,
})

const getLogs: Handler = async (message, caller, context) => {
  const { colonyname, processid, executorname, count, since, latest } = decode(getRequest, message)
  requireMember(colonyname, caller, context)
  if (count > maxLogCount) throw forbidden(`count must not be above ${maxLogCount}`)
  const byExecutor = executorname !== ''
  if (byExecutor && context.directory.executor(colonyname, executorname) === undefined) {
    throw broken(`there is no executor with the name <${executorname}>`)
  }
  if (!byExecutor) await requireProcess(processid, context.store, broken)
  const rows = await twice(
    readLogs(context.store, byExecutor, latest, [byExecutor ? executorname : processid, since, count]),
  )
  return reply(listOrNull((latest ? [...rows].reverse() : rows).map(logJson)))
}

/** Values: executor name or process id, nanoseconds after which (0 = all), count. */
function readLogs(
  queryable: Queryable,
  byExecutor: boolean,
  latest: boolean,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const direction = latest ? 'desc' : 'asc'
  return queryable.query<Row>(
    `select colonyname, processid, executorname, message, timestampns from $schema.logs
     where ${byExecutor ? 'executorname' : 'processid'} = $1 and ($2::bigint <= 0 or timestampns > $2::bigint)
     order by timestampns ${direction}, ordinal ${direction} limit $3`,
    values,
  )
}

const searchRequest = struct({ colonyname: text, text, days: integer, count: integer })

const searchLogs: Handler = async (message, caller, context) => {
  const { colonyname, text: sought, days, count } = decode(searchRequest, message)
  requireMember(colonyname, caller, context)
  if (count > maxSearchCount) throw malformed(`count must not be above ${maxSearchCount}`)
  if (days > maxSearchDays) throw malformed(`days must not be above ${maxSearchDays}`)
  const rows = await context.store.query<Row>(
    `select colonyname, processid, executorname, message, timestampns from $schema.logs
     where colonyname = $1 and timestampns > $2::bigint * 1000 and message like '%' || $3 || '%' limit $4`,
    [colonyname, context.clock.nowUs() - days * usPerDay, sought, count],
  )
  return reply(listOrNull(rows.map(logJson)))
}

/** When the database refuses a log call, the original answers with two error envelopes in one body. */
async function twice<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    const message = `database: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    throw new Refusal(400, message, sealRefusal({ status: 400, message }) + sealRefusal({ status: 500, message }))
  }
}

function logJson(row: Row): Json {
  return {
    processid: String(row['processid']),
    colonyname: String(row['colonyname']),
    executorname: String(row['executorname']),
    message: String(row['message']),
    timestamp: new Raw(String(row['timestampns'])),
  }
}

export const handlers: HandlerTable = {
  addlogmsg: addLog,
  addexecutorlogmsg: addExecutorLog,
  getlogsmsg: getLogs,
  searchlogsmsg: searchLogs,
}

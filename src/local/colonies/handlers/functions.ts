import type { Handler, HandlerTable } from '../context.ts'
import { decode, flag, listOf, pointer, struct, text } from '../decode.ts'
import { newId } from '../ids.ts'
import { encode, type Json, listOrNull, Raw } from '../json.ts'
import { requireMember } from '../membership.ts'
import { forbidden, malformed, missing } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import type { Row } from '../store.ts'

const argument = struct({ name: text, type: text, description: text, required: flag, enum: listOf(text) })
const functionSpec = struct({
  functionid: text,
  executorname: text,
  executortype: text,
  colonyname: text,
  funcname: text,
  description: text,
  args: listOf(argument),
})

const columns = `functionid, colonyname, executorname, executortype, funcname, description, args, locationname`

const addFunction: Handler = async (message, caller, context) => {
  const { fun } = decode(struct({ fun: pointer(functionSpec) }), message)
  if (fun === null) throw malformed('the message has no function')
  requireMember(fun.colonyname, caller, context)
  const executor = context.directory.executor(fun.colonyname, fun.executorname)
  if (executor === undefined) throw malformed(`there is no executor with the name <${fun.executorname}>`)
  if (executor.executorid !== caller.id) throw forbidden('an executor adds functions for itself only')
  const rows = await context.store.query<Row>(
    `insert into $schema.functions (${columns}, addedat) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *`,
    [
      fun.functionid === '' ? newId() : fun.functionid,
      fun.colonyname,
      fun.executorname,
      fun.executortype,
      fun.funcname,
      fun.description,
      encode((fun.args ?? []).map(argumentJson)),
      executor.locationname,
      context.clock.nowUs(),
    ],
  )
  return reply(rows.map(functionJson)[0] ?? null)
}

const getFunctions: Handler = async (message, caller, context) => {
  const { colonyname, executorname } = decode(struct({ colonyname: text, executorname: text }), message)
  requireMember(colonyname, caller, context)
  const rows = await context.store.query<Row>(
    `select * from $schema.functions where colonyname = $1 and ($2 = '' or executorname = $2) order by addedat`,
    [colonyname, executorname],
  )
  return reply(listOrNull(rows.map(functionJson)))
}

const removeFunction: Handler = async (message, caller, context) => {
  const { functionid } = decode(struct({ functionid: text }), message)
  if (functionid === '') throw malformed('the id of the function is empty')
  const [found] = await context.store.query<{ readonly colonyname: string; readonly executorname: string }>(
    `select colonyname, executorname from $schema.functions where functionid = $1`,
    [functionid],
  )
  if (found === undefined) throw missing(`there is no function with the id <${functionid}>`)
  requireMember(found.colonyname, caller, context)
  const executor = context.directory.executor(found.colonyname, found.executorname)
  if (executor?.executorid !== caller.id) throw forbidden('an executor removes its own functions only')
  await context.store.query(`delete from $schema.functions where functionid = $1`, [functionid])
  return done
}

function argumentJson(one: ReturnType<typeof argument>): Json {
  return {
    name: one.name,
    type: one.type,
    ...(one.description === '' ? {} : { description: one.description }),
    ...(one.required ? { required: true } : {}),
    ...(one.enum === null || one.enum.length === 0 ? {} : { enum: one.enum }),
  }
}

function functionJson(row: Row): Json {
  const description = String(row['description'])
  const locationname = String(row['locationname'])
  return {
    functionid: String(row['functionid']),
    executorname: String(row['executorname']),
    executortype: String(row['executortype']),
    colonyname: String(row['colonyname']),
    funcname: String(row['funcname']),
    ...(description === '' ? {} : { description }),
    ...(row['args'] === '[]' ? {} : { args: new Raw(String(row['args'])) }),
    counter: Number(row['counter']),
    minwaittime: Number(row['minwaittime']),
    maxwaittime: Number(row['maxwaittime']),
    minexectime: Number(row['minexectime']),
    maxexectime: Number(row['maxexectime']),
    avgwaittime: Number(row['avgwaittime']),
    avgexectime: Number(row['avgexectime']),
    ...(locationname === '' ? {} : { locationname }),
  }
}

export const handlers: HandlerTable = {
  addfunctionmsg: addFunction,
  getfunctionsmsg: getFunctions,
  removefunctionmsg: removeFunction,
}

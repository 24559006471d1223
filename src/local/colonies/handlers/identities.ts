/** Key rotation: a party replaces its own identity. Running processes keep the old executor id. */

import type { Handler, HandlerTable } from '../context.ts'
import { decode, struct, text } from '../decode.ts'
import { executorById, requireColonyOwner, requireMember, requireServerOwner } from '../membership.ts'
import { malformed } from '../refusal.ts'
import { reply } from '../reply.ts'

function requireIdLength(id: string): void {
  if (id.length !== 64) throw malformed('an id has 64 characters')
}

const changeServerId: Handler = async (message, caller, context) => {
  const { serverid } = decode(struct({ serverid: text }), message)
  requireServerOwner(caller, context)
  requireIdLength(serverid)
  await context.directory.saveServerId(serverid)
  return reply({ serverid, msgtype: 'changeserveridmsg' })
}

const changeColonyId: Handler = async (message, caller, context) => {
  const { colonyname, colonyid } = decode(struct({ colonyname: text, colonyid: text }), message)
  const colony = requireColonyOwner(colonyname, caller, context)
  requireIdLength(colonyid)
  await context.directory.saveColony({ ...colony, colonyid })
  return reply({ colonyname, colonyid, msgtype: 'changecolonyidmsg' })
}

const changeExecutorId: Handler = async (message, caller, context) => {
  const { colonyname, executorid } = decode(struct({ colonyname: text, executorid: text }), message)
  requireMember(colonyname, caller, context)
  requireIdLength(executorid)
  const executor = executorById(colonyname, caller.id, context)
  if (executor === undefined) throw malformed('the caller is not an executor')
  await context.directory.saveExecutor({ ...executor, executorid })
  return reply({ colonyname, executorid, msgtype: 'changeexecutoridmsg' })
}

const changeUserId: Handler = async (message, caller, context) => {
  const { colonyname, userid } = decode(struct({ colonyname: text, userid: text }), message)
  requireMember(colonyname, caller, context)
  requireIdLength(userid)
  const user = context.directory.users(colonyname).find((one) => one.userid === caller.id)
  if (user === undefined) throw malformed('the caller is not a user')
  await context.directory.saveUser({ ...user, userid })
  return reply({ colonyname, userid, msgtype: 'changeuseridmsg' })
}

export const handlers: HandlerTable = {
  changeserveridmsg: changeServerId,
  changecolonyidmsg: changeColonyId,
  changeexecutoridmsg: changeExecutorId,
  changeuseridmsg: changeUserId,
}

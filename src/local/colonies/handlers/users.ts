import type { Handler, HandlerTable } from '../context.ts'
import { decode, pointer, struct, text } from '../decode.ts'
import type { User } from '../directory.ts'
import { listOrNull } from '../json.ts'
import { requireColony, requireColonyOwner, requireLooseMember } from '../membership.ts'
import { broken, malformed, missing } from '../refusal.ts'
import { done, reply } from '../reply.ts'

const user = struct({ colonyname: text, userid: text, name: text, email: text, phone: text })
const userJson = ({ colonyname, userid, name, email, phone }: User) => ({ colonyname, userid, name, email, phone })

const addUser: Handler = async (message, caller, context) => {
  const { user: added } = decode(struct({ user: pointer(user) }), message)
  if (added === null) throw malformed('the message has no user')
  requireColony(added.colonyname, context, malformed)
  requireColonyOwner(added.colonyname, caller, context)
  if (context.directory.users(added.colonyname).some((one) => one.name === added.name)) {
    throw malformed(`there is a user with the name <${added.name}> in colony <${added.colonyname}> already`)
  }
  await context.directory.saveUser(added)
  // The original stores such a name and cannot read it back.
  if (added.name.includes(':')) throw broken('the name of a user must not contain a colon')
  return reply(userJson(added))
}

const getUsers: Handler = async (message, caller, context) => {
  const { colonyname } = decode(struct({ colonyname: text }), message)
  requireColony(colonyname, context, malformed)
  requireLooseMember(colonyname, caller, context)
  const users = context.directory.users(colonyname)
  if (users.some((one) => one.name.includes(':'))) throw malformed('the name of a user contains a colon')
  return reply(listOrNull(users.map(userJson)))
}

const getUser: Handler = async (message, caller, context) => {
  const { colonyname, name } = decode(struct({ colonyname: text, name: text }), message)
  requireColony(colonyname, context, malformed)
  requireLooseMember(colonyname, caller, context)
  const found = context.directory.users(colonyname).find((one) => one.name === name)
  if (found === undefined) throw broken(`there is no user with the name <${name}>`)
  return reply(userJson(found))
}

const getUserById: Handler = async (message, caller, context) => {
  const { colonyname, userid } = decode(struct({ colonyname: text, userid: text }), message)
  requireColony(colonyname, context, malformed)
  requireLooseMember(colonyname, caller, context)
  const found = context.directory.users(colonyname).find((one) => one.userid === userid)
  if (found === undefined) throw missing(`there is no user with the id <${userid}>`)
  return reply(userJson(found))
}

const removeUser: Handler = async (message, caller, context) => {
  const { colonyname, name } = decode(struct({ colonyname: text, name: text }), message)
  requireColony(colonyname, context, malformed)
  requireColonyOwner(colonyname, caller, context)
  if (!context.directory.users(colonyname).some((one) => one.name === name)) {
    throw malformed(`there is no user with the name <${name}>`)
  }
  await context.directory.removeUser(colonyname, name)
  return done
}

export const handlers: HandlerTable = {
  addusermsg: addUser,
  getusersmsg: getUsers,
  getusermsg: getUser,
  getuserbyidmsg: getUserById,
  removeusermsg: removeUser,
}

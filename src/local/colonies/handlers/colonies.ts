import type { Handler, HandlerTable } from '../context.ts'
import { decode, pointer, struct, text } from '../decode.ts'
import type { Colony } from '../directory.ts'
import { listOrNull } from '../json.ts'
import { requireColony, requireMember, requireServerOwner } from '../membership.ts'
import { malformed } from '../refusal.ts'
import { done, reply } from '../reply.ts'

const colonyJson = ({ colonyid, name }: Colony) => ({ colonyid, name })
const named = struct({ colonyname: text })
const added = struct({ colony: pointer(struct({ colonyid: text, name: text })) })

const addColony: Handler = async (message, caller, context) => {
  const { colony } = decode(added, message)
  requireServerOwner(caller, context)
  if (colony === null) throw malformed('the message has no colony')
  if (colony.colonyid.length !== 64) throw malformed('the id of a colony has 64 characters')
  if (context.directory.colony(colony.name) !== undefined) {
    throw malformed(`there is a colony with the name <${colony.name}> already`)
  }
  await context.directory.saveColony({ ...colony, paused: false, addedat: context.clock.nowUs() })
  // The original reads the colony back by its id and so finds the first one with that id.
  const found = context.directory.colonies().find((one) => one.colonyid === colony.colonyid)
  return reply(colonyJson(found ?? { ...colony, paused: false, addedat: 0 }))
}

const getColonies: Handler = async (_message, caller, context) => {
  requireServerOwner(caller, context)
  return reply(listOrNull(context.directory.colonies().map(colonyJson)))
}

const getColony: Handler = async (message, caller, context) => {
  const { colonyname } = decode(named, message)
  requireMember(colonyname, caller, context)
  return reply(colonyJson(requireColony(colonyname, context)))
}

const removeColony: Handler = async (message, caller, context) => {
  const { colonyname } = decode(named, message)
  requireServerOwner(caller, context)
  requireColony(colonyname, context, malformed)
  await context.store.transaction(async (transaction) => {
    await transaction.query(
      `delete from $schema.attributes as attribute using $schema.processes as process
       where process.colonyname = $1 and attribute.targetid = process.processid`,
      [colonyname],
    )
    await transaction.query(`delete from $schema.processes where colonyname = $1`, [colonyname])
    await transaction.query(`delete from $schema.logs where colonyname = $1`, [colonyname])
    await transaction.query(`delete from $schema.functions where colonyname = $1`, [colonyname])
    for (const hook of context.hooks.onColonyRemoved) await hook(colonyname, transaction)
    await context.directory.removeColony(colonyname, transaction)
  })
  return done
}

export const handlers: HandlerTable = {
  addcolonymsg: addColony,
  getcoloniesmsg: getColonies,
  getcolonymsg: getColony,
  removecolonymsg: removeColony,
}

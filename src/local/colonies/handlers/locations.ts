import type { Handler, HandlerTable, ServerContext } from '../context.ts'
import { decode, float, pointer, struct, text } from '../decode.ts'
import { listOrNull } from '../json.ts'
import { requireColony, requireColonyOwner, requireMember } from '../membership.ts'
import { malformed, missing } from '../refusal.ts'
import { done, reply } from '../reply.ts'

export const ddl: readonly string[] = [
  `create table if not exists $schema.locations (
     colonyname text not null,
     name text not null,
     locationid text not null,
     description text not null,
     long double precision not null,
     lat double precision not null,
     primary key (colonyname, name)
   )`,
]

interface Location {
  readonly locationid: string
  readonly name: string
  readonly colonyname: string
  readonly description: string
  readonly long: number
  readonly lat: number
}

const location = struct({ locationid: text, name: text, colonyname: text, description: text, long: float, lat: float })
const named = struct({ colonyname: text, name: text })
const columns = 'locationid, name, colonyname, description, long, lat'

const addLocation: Handler = async (message, caller, context) => {
  const { location: added } = decode(struct({ location: pointer(location) }), message)
  if (added === null) throw malformed('the message has no location')
  requireColony(added.colonyname, context, malformed)
  requireColonyOwner(added.colonyname, caller, context)
  const rows = await context.store.query(
    `insert into $schema.locations (${columns}) values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning name`,
    [added.locationid, added.name, added.colonyname, added.description, added.long, added.lat],
  )
  if (rows.length === 0) throw malformed(`there is a location with the name <${added.name}> already`)
  return reply({ ...added })
}

const getLocations: Handler = async (message, caller, context) => {
  const { colonyname } = decode(struct({ colonyname: text }), message)
  requireColony(colonyname, context, malformed)
  requireMember(colonyname, caller, context)
  const rows = await context.store.query<Location>(
    `select ${columns} from $schema.locations where colonyname = $1 order by name`,
    [colonyname],
  )
  return reply(listOrNull(rows.map((row) => ({ ...row }))))
}

const getLocation: Handler = async (message, caller, context) => {
  const { colonyname, name } = decode(named, message)
  requireColony(colonyname, context, malformed)
  requireMember(colonyname, caller, context)
  const [found] = await context.store.query<Location>(
    `select ${columns} from $schema.locations where colonyname = $1 and name = $2`,
    [colonyname, name],
  )
  if (found === undefined) throw missing(`there is no location with the name <${name}>`)
  return reply({ ...found })
}

const removeLocation: Handler = async (message, caller, context) => {
  const { colonyname, name } = decode(named, message)
  requireColony(colonyname, context, malformed)
  requireColonyOwner(colonyname, caller, context)
  const rows = await context.store.query(
    `delete from $schema.locations where colonyname = $1 and name = $2 returning name`,
    [colonyname, name],
  )
  if (rows.length === 0) throw malformed(`there is no location with the name <${name}>`)
  return done
}

export function setUp({ hooks }: ServerContext): void {
  hooks.onColonyRemoved.push(async (colonyname, transaction) => {
    await transaction.query(`delete from $schema.locations where colonyname = $1`, [colonyname])
  })
}

export const handlers: HandlerTable = {
  addlocationmsg: addLocation,
  getlocationsmsg: getLocations,
  getlocationmsg: getLocation,
  removelocationmsg: removeLocation,
}

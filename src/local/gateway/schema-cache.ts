/** What the API knows of the database: the functions of schema public and the settings of the roles. */

import type pg from 'pg'
import { z } from 'zod'

const functionRow = z.object({
  name: z.string(),
  parameters: z.array(
    z.object({ name: z.string(), type: z.string(), optional: z.boolean(), variadic: z.boolean() }).readonly(),
  ),
  returns: z.enum(['void', 'json', 'scalar', 'row']),
  set: z.boolean(),
  read_only: z.boolean(),
  settings: z.array(z.string()).nullable(),
})

export type FunctionParameter = Readonly<z.infer<typeof functionRow>['parameters'][number]>

export interface ExposedFunction {
  readonly name: string
  /** What goes in, in the order of the declaration. */
  readonly parameters: readonly FunctionParameter[]
  readonly returns: 'void' | 'json' | 'scalar' | 'row'
  readonly set: boolean
  /** Stable or immutable: runs in a read-only transaction. */
  readonly readOnly: boolean
  /** The settings that count for the whole transaction although they stand at the function. */
  readonly hoisted: Readonly<Record<string, string>>
}

export interface SchemaCache {
  readonly functions: ReadonlyMap<string, readonly ExposedFunction[]>
  readonly roleSettings: ReadonlyMap<string, Readonly<Record<string, string>>>
}

const hoistedNames = new Set(['statement_timeout', 'default_transaction_isolation'])

/** proargmodes is null when everything goes in; defaults belong to the last parameters that go in. */
const functionsQuery = `
  select
    proc.proname as name,
    coalesce(args.list, '[]'::jsonb) as parameters,
    case
      when returned.oid = 'void'::regtype then 'void'
      when returned.oid in ('json'::regtype, 'jsonb'::regtype) then 'json'
      when returned.typtype = 'c' or returned.oid = 'record'::regtype then 'row'
      else 'scalar'
    end as returns,
    proc.proretset as set,
    proc.provolatile <> 'v' as read_only,
    proc.proconfig as settings
  from pg_catalog.pg_proc as proc
  join pg_catalog.pg_type as returned on returned.oid = proc.prorettype
  cross join lateral (
    select jsonb_agg(
      jsonb_build_object(
        'name', coalesce(proc.proargnames[arg.place], ''),
        'type', pg_catalog.format_type(arg.type, null),
        'optional', arg.input_place > proc.pronargs - proc.pronargdefaults,
        'variadic', arg.mode = 'v'
      ) order by arg.place
    ) as list
    from (
      select each.place, each.type, coalesce(proc.proargmodes[each.place], 'i') as mode,
        row_number() over (order by each.place) as input_place
      from unnest(coalesce(proc.proallargtypes, proc.proargtypes::oid[])) with ordinality as each (type, place)
      where coalesce(proc.proargmodes[each.place], 'i') in ('i', 'b', 'v')
    ) as arg
  ) as args
  where proc.pronamespace = 'public'::regnamespace
    and proc.prokind = 'f'
    and returned.oid not in ('trigger'::regtype, 'event_trigger'::regtype)`

/** Settings of a role, over those of the authenticator that everybody comes in as; only what any user may set. */
const settingsQuery = `
  select role.rolname as role, split_part(line, '=', 1) as name, substr(line, strpos(line, '=') + 1) as value
  from pg_catalog.pg_roles as role
  cross join unnest(role.rolconfig) as line
  join pg_catalog.pg_settings as setting on setting.name = split_part(line, '=', 1)
  where setting.context = 'user' and role.rolname in ('anon', 'authenticated', 'service_role', 'bee', 'authenticator')`

const settingRow = z.object({ role: z.string(), name: z.string(), value: z.string() })

/** Reads the catalogue. Errors of the database pass through. */
export async function loadSchemaCache(client: pg.ClientBase): Promise<SchemaCache> {
  const functions = new Map<string, ExposedFunction[]>()
  for (const raw of (await client.query(functionsQuery)).rows) {
    const row = functionRow.parse(raw)
    const settings = (row.settings ?? []).map(splitSetting).filter(([name]) => hoistedNames.has(name))
    const known = functions.get(row.name) ?? []
    known.push({
      name: row.name,
      parameters: row.parameters,
      returns: row.returns,
      set: row.set,
      readOnly: row.read_only,
      hoisted: Object.fromEntries(settings),
    })
    functions.set(row.name, known)
  }
  const roleSettings = new Map<string, Record<string, string>>()
  for (const raw of (await client.query(settingsQuery)).rows) {
    const { role, name, value } = settingRow.parse(raw)
    roleSettings.set(role, { ...roleSettings.get(role), [name]: value })
  }
  return { functions, roleSettings }
}

function splitSetting(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

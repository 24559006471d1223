import { type Decoded, integer, struct, text } from '../decode.ts'
import type { Json } from '../json.ts'
import { malformed } from '../refusal.ts'
import type { Queryable, Row } from '../store.ts'
import type { FormatTime } from '../time.ts'

export const ddl: readonly string[] = [
  `create table if not exists $schema.generators (
     generatorid text primary key,
     colonyname text not null,
     name text not null,
     initiatorid text not null,
     initiatorname text not null,
     workflowspec text not null,
     trigger bigint not null,
     timeout bigint not null,
     firstpack bigint not null default 0,
     lastrun bigint not null default 0,
     unique (colonyname, name)
   )`,
  `create table if not exists $schema.generatorargs (
     ordinal bigint generated always as identity primary key,
     generatorid text not null references $schema.generators on delete cascade,
     arg text not null
   )`,
  `create index if not exists generatorargs_of_generator on $schema.generatorargs (generatorid, ordinal)`,
]

/** Decodes a generator as clients send it. `timeout` in seconds. */
export const generatorRequest = struct({
  colonyname: text,
  name: text,
  workflowspec: text,
  trigger: integer,
  timeout: integer,
})

export interface Generator extends Decoded<typeof generatorRequest> {
  readonly generatorid: string
  readonly initiatorid: string
  readonly initiatorname: string
  /** Microseconds since 1970; 0 = never packed. */
  readonly firstpack: number
  /** Microseconds since 1970; 0 = has not run. */
  readonly lastrun: number
}

/** Refuses with 400 when the colony has a generator of that name. */
export async function storeGenerator(generator: Generator, queryable: Queryable): Promise<void> {
  const rows = await queryable.query(
    `insert into $schema.generators
       (generatorid, colonyname, name, initiatorid, initiatorname, workflowspec, trigger, timeout)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (colonyname, name) do nothing returning generatorid`,
    [
      generator.generatorid,
      generator.colonyname,
      generator.name,
      generator.initiatorid,
      generator.initiatorname,
      generator.workflowspec,
      generator.trigger,
      generator.timeout,
    ],
  )
  if (rows.length === 0) throw malformed(`there is a generator with the name <${generator.name}> already`)
}

export async function findGenerator(generatorid: string, queryable: Queryable): Promise<Generator | undefined> {
  const [row] = await queryable.query(`select * from $schema.generators where generatorid = $1`, [generatorid])
  return row === undefined ? undefined : toGenerator(row)
}

/** Reads a generator and locks it until the transaction ends. */
export async function lockGenerator(generatorid: string, transaction: Queryable): Promise<Generator | undefined> {
  const [row] = await transaction.query(`select * from $schema.generators where generatorid = $1 for update`, [
    generatorid,
  ])
  return row === undefined ? undefined : toGenerator(row)
}

export async function findGeneratorByName(
  colonyname: string,
  name: string,
  queryable: Queryable,
): Promise<Generator | undefined> {
  const [row] = await queryable.query(`select * from $schema.generators where colonyname = $1 and name = $2`, [
    colonyname,
    name,
  ])
  return row === undefined ? undefined : toGenerator(row)
}

/** Generators of a colony by name, at most `count`. */
export async function listGenerators(
  colonyname: string,
  count: number,
  queryable: Queryable,
): Promise<readonly Generator[]> {
  const rows = await queryable.query(`select * from $schema.generators where colonyname = $1 order by name limit $2`, [
    colonyname,
    count,
  ])
  return rows.map(toGenerator)
}

export async function queueSize(generatorid: string, queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ readonly size: string }>(
    `select count(*) as size from $schema.generatorargs where generatorid = $1`,
    [generatorid],
  )
  return Number(row?.size ?? 0)
}

/** @param shown what only the call for a single generator tells; the others show 0 */
export function generatorJson(
  generator: Generator,
  shown: { readonly queueSize: number; readonly checkerPeriodMs: number },
  formatTime: FormatTime,
): Json {
  return {
    generatorid: generator.generatorid,
    initiatorid: generator.initiatorid,
    initiatorname: generator.initiatorname,
    colonyname: generator.colonyname,
    name: generator.name,
    workflowspec: generator.workflowspec,
    trigger: generator.trigger,
    timeout: generator.timeout,
    firstpack: formatTime(generator.firstpack),
    lastrun: formatTime(generator.lastrun),
    queuesize: shown.queueSize,
    checkerperiod: shown.checkerPeriodMs,
  }
}

function toGenerator(row: Row): Generator {
  const generator = row as unknown as Generator
  return {
    ...generator,
    trigger: Number(row['trigger']),
    timeout: Number(row['timeout']),
    firstpack: Number(row['firstpack']),
    lastrun: Number(row['lastrun']),
  }
}

import { type Decoded, flag, integer, struct, text } from '../decode.ts'
import type { Json } from '../json.ts'
import { malformed } from '../refusal.ts'
import type { Queryable, Row } from '../store.ts'
import type { FormatTime } from '../time.ts'

export const ddl: readonly string[] = [
  `create table if not exists $schema.crons (
     cronid text primary key,
     colonyname text not null,
     name text not null,
     initiatorid text not null,
     initiatorname text not null,
     cronexpression text not null,
     interval bigint not null,
     random boolean not null,
     nextrun bigint not null default 0,
     lastrun bigint not null default 0,
     workflowspec text not null,
     prevprocessgraphid text not null default '',
     waitforprevprocessgraph boolean not null,
     unique (colonyname, name)
   )`,
]

/** Decodes a cron as clients send it. */
export const cronRequest = struct({
  colonyname: text,
  name: text,
  cronexpression: text,
  interval: integer,
  random: flag,
  workflowspec: text,
  waitforprevprocessgraph: flag,
})

export interface Cron extends Decoded<typeof cronRequest> {
  readonly cronid: string
  readonly initiatorid: string
  readonly initiatorname: string
  /** Microseconds since 1970; 0 = not known yet, or never. */
  readonly nextrun: number
  /** Microseconds since 1970; 0 = has not run. */
  readonly lastrun: number
  readonly prevprocessgraphid: string
}

/** Refuses with 400 when the colony has a cron of that name. */
export async function storeCron(cron: Cron, queryable: Queryable): Promise<void> {
  const rows = await queryable.query(
    `insert into $schema.crons (cronid, colonyname, name, initiatorid, initiatorname, cronexpression, interval, random,
       workflowspec, waitforprevprocessgraph)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (colonyname, name) do nothing returning cronid`,
    [
      cron.cronid,
      cron.colonyname,
      cron.name,
      cron.initiatorid,
      cron.initiatorname,
      cron.cronexpression,
      cron.interval,
      cron.random,
      cron.workflowspec,
      cron.waitforprevprocessgraph,
    ],
  )
  if (rows.length === 0) throw malformed(`there is a cron with the name <${cron.name}> already`)
}

export async function findCron(cronid: string, queryable: Queryable): Promise<Cron | undefined> {
  const [row] = await queryable.query(`select * from $schema.crons where cronid = $1`, [cronid])
  return row === undefined ? undefined : toCron(row)
}

/** Reads a cron and locks it until the transaction ends: a run by hand and one by the clock never overlap. */
export async function lockCron(cronid: string, transaction: Queryable): Promise<Cron | undefined> {
  const [row] = await transaction.query(`select * from $schema.crons where cronid = $1 for update`, [cronid])
  return row === undefined ? undefined : toCron(row)
}

/** Crons of a colony by name, at most `count`. */
export async function listCrons(colonyname: string, count: number, queryable: Queryable): Promise<readonly Cron[]> {
  const rows = await queryable.query(`select * from $schema.crons where colonyname = $1 order by name limit $2`, [
    colonyname,
    count,
  ])
  return rows.map(toCron)
}

/** Ids of the crons whose time has come or is not computed yet. */
export async function dueCrons(nowUs: number, queryable: Queryable): Promise<readonly string[]> {
  const rows = await queryable.query<{ readonly cronid: string }>(
    `select cronid from $schema.crons where nextrun < $1 order by nextrun`,
    [nowUs],
  )
  return rows.map((row) => row.cronid)
}

export async function noteRun(cron: Cron, queryable: Queryable): Promise<void> {
  await queryable.query(
    `update $schema.crons set nextrun = $2, lastrun = $3, prevprocessgraphid = $4 where cronid = $1`,
    [cron.cronid, cron.nextrun, cron.lastrun, cron.prevprocessgraphid],
  )
}

/** @param checkerPeriodMs shown by single crons; lists and replies to changes show 0 */
export function cronJson(cron: Cron, checkerPeriodMs: number, formatTime: FormatTime): Json {
  return {
    cronid: cron.cronid,
    initiatorid: cron.initiatorid,
    initiatorname: cron.initiatorname,
    colonyname: cron.colonyname,
    name: cron.name,
    cronexpression: cron.cronexpression,
    interval: cron.interval,
    random: cron.random,
    nextrun: formatTime(cron.nextrun),
    lastrun: formatTime(cron.lastrun),
    workflowspec: cron.workflowspec,
    prevprocessgraphid: cron.prevprocessgraphid,
    waitforprevprocessgraph: cron.waitforprevprocessgraph,
    checkerperiod: checkerPeriodMs,
  }
}

function toCron(row: Row): Cron {
  const cron = row as unknown as Cron
  return {
    ...cron,
    interval: Number(row['interval']),
    nextrun: Number(row['nextrun']),
    lastrun: Number(row['lastrun']),
  }
}

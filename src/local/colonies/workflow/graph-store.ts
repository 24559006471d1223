/** Statements on workflows. The processes of a graph are rows of `processes`; its roots and members follow from them. */

import type { ServerContext } from '../context.ts'
import { type ProcessRow, type ProcessState, processColumns, toProcessRow } from '../process-row.ts'
import { broken } from '../refusal.ts'
import type { Queryable, Row } from '../store.ts'
import { type Member, resolveMembers } from './resolve-members.ts'

export const ddl: readonly string[] = [
  `create table if not exists $schema.processgraphs (
     processgraphid text primary key,
     colonyname text not null,
     initiatorid text not null,
     initiatorname text not null,
     state smallint not null default 0,
     submissiontime bigint not null,
     starttime bigint not null default 0,
     endtime bigint not null default 0
   )`,
  `create index if not exists processgraphs_by_state on $schema.processgraphs (colonyname, state, submissiontime)`,
]

/** Times in microseconds since 1970, 0 = unset. */
export interface Graph {
  readonly processgraphid: string
  readonly colonyname: string
  readonly initiatorid: string
  readonly initiatorname: string
  readonly state: ProcessState
  readonly submissiontime: number
  readonly starttime: number
  readonly endtime: number
}

/** A member with what the layout shows of it. */
export interface GraphMember extends Member {
  readonly processgraphid: string
  readonly nodename: string
  readonly out: string
}

const memberColumns = 'processid, processgraphid, state, waitforparents, parents, children, nodename, out'

export async function storeGraph(graph: Graph, queryable: Queryable): Promise<void> {
  await queryable.query(
    `insert into $schema.processgraphs
       (processgraphid, colonyname, initiatorid, initiatorname, state, submissiontime)
     values ($1, $2, $3, $4, $5, $6)`,
    [graph.processgraphid, graph.colonyname, graph.initiatorid, graph.initiatorname, graph.state, graph.submissiontime],
  )
}

export async function findGraph(processgraphid: string, queryable: Queryable): Promise<Graph | undefined> {
  const rows = await queryable.query(`select * from $schema.processgraphs where processgraphid = $1`, [processgraphid])
  return rows[0] === undefined ? undefined : toGraph(rows[0])
}

/** The graph; refuses with 500 when there is none, as the original does. */
export async function requireGraph(processgraphid: string, queryable: Queryable): Promise<Graph> {
  const graph = await findGraph(processgraphid, queryable)
  if (graph === undefined) throw broken(`there is no workflow with the id <${processgraphid}>`)
  return graph
}

/** Graphs of a colony in a state, newest first. */
export async function listGraphs(
  colonyname: string,
  state: number,
  count: number,
  queryable: Queryable,
): Promise<readonly Graph[]> {
  const rows = await queryable.query(
    `select * from $schema.processgraphs where colonyname = $1 and state = $2 order by submissiontime desc limit $3`,
    [colonyname, state, count],
  )
  return rows.map(toGraph)
}

/** Members of one or several graphs, in the order of their submission. */
export async function membersOf(
  processgraphids: readonly string[],
  queryable: Queryable,
): Promise<readonly GraphMember[]> {
  return await queryable.query<GraphMember>(
    `select ${memberColumns} from $schema.processes where processgraphid = any($1) and processgraphid <> ''
     order by submissiontime, processid`,
    [processgraphids],
  )
}

export interface Resolved {
  /** Processes that may be assigned from now on. */
  readonly released: readonly ProcessRow[]
  /** Ids of processes that failed with a parent. */
  readonly failed: readonly string[]
}

/**
 * Brings a graph up to date after one of its processes changed, under a lock on the graph.
 * @returns what to tell others after the commit
 */
export async function resolveGraph(
  processgraphid: string,
  transaction: Queryable,
  context: Pick<ServerContext, 'clock'>,
): Promise<Resolved> {
  const [graph] = await transaction.query<Row & { readonly state: ProcessState }>(
    `select state from $schema.processgraphs where processgraphid = $1 for update`,
    [processgraphid],
  )
  if (graph === undefined) return { released: [], failed: [] }
  const { state, failed, released } = resolveMembers(await membersOf([processgraphid], transaction))
  if (failed.length > 0) {
    await transaction.query(`update $schema.processes set state = 3 where processid = any($1)`, [failed])
  }
  await setGraphState(processgraphid, graph.state, state, transaction, context.clock.nowUs())
  if (released.length === 0) return { released: [], failed }
  const rows = await transaction.query<Row>(
    `update $schema.processes as p set waitforparents = false where p.processid = any($1) returning ${processColumns}`,
    [released],
  )
  return { released: rows.map(toProcessRow), failed }
}

/** The start is noted once, the end with every change into a final state. */
export async function setGraphState(
  processgraphid: string,
  before: ProcessState,
  state: ProcessState,
  transaction: Queryable,
  nowUs: number,
): Promise<void> {
  if (before === state && state < 2) return
  await transaction.query(
    `update $schema.processgraphs set state = $2,
       starttime = case when $3 then $5 else starttime end,
       endtime = case when $4 then $5 else endtime end
     where processgraphid = $1`,
    [processgraphid, state, before === 0 && state === 1, state >= 2, nowUs],
  )
}

function toGraph(row: Row): Graph {
  const graph = row as unknown as Graph
  return {
    ...graph,
    submissiontime: Number(row['submissiontime']),
    starttime: Number(row['starttime']),
    endtime: Number(row['endtime']),
  }
}

/** Statements on processes that several handlers share. */

import {
  type AttributeRow,
  insertProcess,
  insertValues,
  type ProcessRow,
  processColumns,
  toProcessRow,
} from './process-row.ts'
import { missing } from './refusal.ts'
import type { Queryable, Row } from './store.ts'

const insertAttribute = `insert into $schema.attributes
    (targetid, key, attributetype, attributeid, targetcolonyname, targetprocessgraphid, state, value)
  select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[])`

/** Stores a new process and its environment; one statement when there is no environment. */
export async function storeProcess(process: ProcessRow, queryable: Queryable): Promise<void> {
  if (process.attributes.length > 0) await storeAttributes(process.attributes, queryable)
  await queryable.query(insertProcess, insertValues(process))
}

export async function storeAttributes(attributes: readonly AttributeRow[], queryable: Queryable): Promise<void> {
  const column = <K extends keyof AttributeRow>(name: K) => attributes.map((one) => one[name])
  await queryable.query(insertAttribute, [
    column('targetid'),
    column('key'),
    column('attributetype'),
    column('attributeid'),
    column('targetcolonyname'),
    column('targetprocessgraphid'),
    attributes.map(() => 0),
    column('value'),
  ])
}

export async function findProcess(processid: string, queryable: Queryable): Promise<ProcessRow | undefined> {
  const rows = await queryable.query<Row>(
    `select ${processColumns} from $schema.processes as p where p.processid = $1`,
    [processid],
  )
  return rows[0] === undefined ? undefined : toProcessRow(rows[0])
}

/** Reads a process and locks its row until the transaction ends. */
export async function lockProcess(processid: string, transaction: Queryable): Promise<ProcessRow | undefined> {
  const rows = await transaction.query<Row>(
    `select ${processColumns} from $schema.processes as p where p.processid = $1 for update of p`,
    [processid],
  )
  return rows[0] === undefined ? undefined : toProcessRow(rows[0])
}

/** The process, or the refusal given (404 unless told otherwise). */
export async function requireProcess(processid: string, queryable: Queryable, refuse = missing): Promise<ProcessRow> {
  const process = await findProcess(processid, queryable)
  if (process === undefined) throw refuse(`there is no process with the id <${processid}>`)
  return process
}

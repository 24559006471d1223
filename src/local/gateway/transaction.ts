/** One request, one transaction. */

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type CallRequest, callSql, preludeSql } from './call-sql.ts'
import { type Connection, type Database, unavailable } from './database.ts'
import type { Fault } from './faults.ts'
import { databaseErrorReply } from './postgrest-error.ts'
import { jsonReply, type Reply, ReplyError } from './reply.ts'
import type { SchemaCache } from './schema-cache.ts'

/** Thrown for `reset_before_commit`: the router cuts the connection. */
export class ConnectionCut extends Error {
  override readonly name = 'ConnectionCut'
}

/**
 * Runs the call to its end, whether or not the caller still waits.
 * @returns the answer of a committed transaction.
 * @throws ReplyError after a rollback; ConnectionCut when a fault says so.
 */
export async function runTransaction(
  database: Database,
  cache: SchemaCache,
  request: CallRequest,
  fault: Fault | undefined,
): Promise<Reply> {
  const statements = [preludeSql(cache, request), callSql(request)]
  const connection = await database.acquire()
  try {
    const body =
      fault?.kind === 'reset_before_commit' || fault?.kind === 'delay_before_commit'
        ? await runInSteps(connection, statements.join(' '), fault)
        : bodyOf(await query(connection, `${statements.join(' ')}; commit`))
    connection.release()
    return request.call.function.returns === 'void' && !request.call.function.set
      ? { status: 204 }
      : jsonReply(200, body ?? 'null')
  } catch (error) {
    connection.release(!(await rollBack(connection, error)))
    throw error instanceof ReplyError || error instanceof ConnectionCut
      ? error
      : new ReplyError(failureReply(error, request.caller.role === 'anon'))
  }
}

async function runInSteps(connection: Connection, sql: string, fault: Fault): Promise<string | null | undefined> {
  const body = bodyOf(await query(connection, sql))
  if (fault.kind === 'reset_before_commit') throw new ConnectionCut()
  await sleep(fault.delayMs)
  await query(connection, 'commit')
  return body
}

/** Several statements in one message: pg gives a list of results then, whatever its types say. */
async function query({ client }: Connection, sql: string): Promise<readonly pg.QueryResult[]> {
  const results: pg.QueryResult | pg.QueryResult[] = await client.query(sql)
  return Array.isArray(results) ? results : [results]
}

/** begin, settings, call, and perhaps commit. */
function bodyOf(results: readonly pg.QueryResult[]): string | null | undefined {
  return results[2]?.rows[0]?.body
}

/** @returns whether the session can serve another call. */
async function rollBack({ client }: Connection, error: unknown): Promise<boolean> {
  const usable = error instanceof ConnectionCut || (error instanceof pg.DatabaseError && error.severity === 'ERROR')
  if (!usable) return false
  return client.query('rollback').then(
    () => true,
    () => false,
  )
}

function failureReply(error: unknown, anonymous: boolean): Reply {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const { code, message, detail, hint } = error
    return databaseErrorReply({ code, message, detail, hint }, anonymous)
  }
  // The session broke without a word of the server.
  return unavailable('PGRST001', 'Database client error. Retrying the connection.').reply
}

import pg from 'pg'
import { BeeError } from '../../../src/errors.ts'
import { classify } from '../../../src/ledger/classify.ts'
import type { TransactionCall, TransactionResult } from '../../../src/ledger/index.ts'
import { readTransaction } from '../../../src/ledger/reply.ts'

/** `bee_execute` without HTTP: what the gateway does, over prepared statements, read and judged as the ledger does it. */
export interface OpenLedger {
  /** One try. @throws BeeError with the class that the ledger's own client would give it */
  execute(call: TransactionCall): Promise<TransactionResult>
  /** Ends connections that are at work now; returns how many. */
  killSome(most: number): Promise<number>
  close(): Promise<void>
}

const applicationName = 'bees-properties'

/**
 * @param url of a superuser; its connections become service_role and stay that
 * @param connections at most at once
 */
export function openLedger(url: string, connections: number): OpenLedger {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: applicationName,
    // As the API's role does it. A statement alone is a transaction.
    options: '-c role=service_role',
  })
  pool.on('error', () => undefined)
  const admin = new pg.Pool({ connectionString: url, max: 1 })
  admin.on('error', () => undefined)

  return {
    execute: async (call) => {
      let data: unknown
      try {
        const { rows } = await pool.query<{ reply: unknown }>({
          name: 'bee_execute',
          text: 'select public.bee_execute($1) as reply',
          values: [JSON.stringify({ v: 1, op: 'execute', ...call })],
        })
        data = rows[0]?.reply
      } catch (thrown) {
        throw failureOf(thrown)
      }
      return readTransaction(call, data)
    },
    killSome: async (most) => {
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = $1 and datname = current_database() and state = 'active'
         order by random() limit $2`,
        [applicationName, most],
      )
      return rowCount ?? 0
    },
    close: async () => {
      await pool.end()
      await admin.end()
    },
  }
}

function failureOf(thrown: unknown): BeeError {
  const code = thrown instanceof pg.DatabaseError ? thrown.code : undefined
  // Of no answer at all it is unknown whether the transaction has committed.
  const status = code === undefined ? 0 : 500
  const error = classify({ status, code, json: true, data: undefined, retryAfterMs: undefined })
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new BeeError(error?.code ?? 'BEE_TRANSACTION_UNKNOWN', `${error?.message ?? ''} ${message}`, {
    cause: thrown,
    details: { ...(code === undefined ? {} : { sqlstate: code }) },
  })
}

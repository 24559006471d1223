import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import pg from 'pg'

import { BeeError } from '../../errors.ts'
import { ddl } from './schema.ts'

export type Row = Readonly<Record<string, unknown>>

/** Where a statement runs: the pool, or the one connection of a transaction. */
export interface Queryable {
  /**
   * Runs one statement, prepared once per connection. `$schema` in the text stands for the server's schema.
   * Use bigint columns through `Number(...)` or as text: the driver returns them as strings.
   */
  query<R = Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]>
}

export interface Store extends Queryable {
  /**
   * Runs `work` on one connection between BEGIN and COMMIT; any throw rolls back and is passed on. When Postgres picks
   * it as the victim of a deadlock, `work` runs again from the start.
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface StoreOptions {
  readonly databaseUrl?: string | undefined
  readonly pool?: pg.Pool | undefined
  readonly schema: string
  /** Connections of an own pool. */
  readonly poolSize: number
  /** Tables besides those of schema.ts. */
  readonly extraDdl: readonly string[]
}

const schemaPattern = /^[a-z_][a-z0-9_]{0,47}$/

/** Connects, creates schema and tables where they do not exist yet. A pool that was passed in is not closed by us. */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (!schemaPattern.test(options.schema)) {
    throw new BeeError(
      'BEE_CONFIG_INVALID',
      `schema name ${JSON.stringify(options.schema)} must match ${schemaPattern}`,
    )
  }
  const pool = options.pool ?? ownPool(options)
  const statements = new Map<string, { readonly name: string; readonly text: string }>()

  const prepared = (text: string) => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const ours = text.replaceAll('$schema', options.schema)
    // Named by content: a pool that was passed in may outlive this server and serve the next.
    const statement = { name: createHash('sha256').update(ours).digest('hex').slice(0, 32), text: ours }
    statements.set(text, statement)
    return statement
  }
  const queryOn = (runner: pg.Pool | pg.PoolClient): Queryable['query'] => {
    return async <R>(text: string, values: readonly unknown[] = []) => {
      const result = await runner.query({ ...prepared(text), values: [...values] })
      return result.rows as R[]
    }
  }
  const attempt = async <T>(work: (transaction: Queryable) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let fault: Error | undefined
    try {
      await client.query('begin')
      const result = await work({ query: queryOn(client) })
      await client.query('commit')
      return result
    } catch (thrown) {
      await client.query('rollback').catch((lost: Error) => {
        fault = lost
      })
      throw thrown
    } finally {
      client.release(fault)
    }
  }
  const transaction: Store['transaction'] = async (work) => {
    for (let left = deadlockRetries; ; left -= 1) {
      try {
        return await attempt(work)
      } catch (thrown) {
        if (left === 0 || !isDeadlock(thrown)) throw thrown
        // Whoever won must get the rows before we ask for them again.
        await sleep(20 + 30 * Math.random())
      }
    }
  }

  await createTables(pool, options)
  return {
    query: queryOn(pool),
    transaction,
    close: async () => {
      if (options.pool === undefined) await pool.end()
    },
  }
}

/** No statement here needs more than a moment; one that hangs must not hold its connection for ever. */
const statementTimeoutMs = 30_000

/** Statements on many rows may lock each other out; one repetition is the rule. */
const deadlockRetries = 3

function isDeadlock(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === '40P01'
}

function ownPool(options: StoreOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.poolSize,
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs,
    // For a database that stopped answering: the server itself can then no longer cancel the statement.
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    application_name: 'colonies-server',
  })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  return pool
}

async function createTables(pool: pg.Pool, { schema, extraDdl }: StoreOptions): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    // Two servers that start at the same moment would race in "create if not exists".
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`colonies-server ${schema}`])
    for (const statement of [...ddl, ...extraDdl]) await client.query(statement.replaceAll('$schema', schema))
    await client.query('commit')
  } catch (thrown) {
    await client.query('rollback').catch(() => undefined)
    throw thrown
  } finally {
    client.release()
  }
}

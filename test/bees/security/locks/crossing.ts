import pg from 'pg'
import { adminQuery, createDatabase, type TestDatabase, until } from '../../../support/index.ts'

export interface Call {
  readonly sql: string
  readonly values?: readonly unknown[]
}

export interface Crossing {
  /** Takes what `first` needs in its middle and holds it until both are on their way. */
  readonly gate?: Call
  /** Statements of one transaction; begun when the gate is closed. */
  readonly first: readonly Call[]
  /** Begun when `first` waits. */
  readonly second: readonly Call[]
}

/** A call of a function with arguments of which objects become jsonb. */
export const call = (name: string, ...args: readonly unknown[]): Call => ({
  sql: `select ${name}(${args.map((arg, n) => (typeof arg === 'object' ? `$${n + 1}::jsonb` : `$${n + 1}`)).join(', ')}) as answer`,
  values: args.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : arg)),
})

/** A database with a few connections of their own. */
export async function openCrossing() {
  const database = await createDatabase()
  const rows = (sql: string, values: readonly unknown[] = []) => adminQuery(database.url, sql, values)
  return {
    database,
    rows,
    cross: (crossing: Crossing) => cross(database, crossing),
    deadlocks: async (): Promise<number> => {
      const [row] = await rows(
        'select deadlocks::integer as n from pg_stat_database where datname = current_database()',
      )
      return Number(row?.['n'])
    },
    [Symbol.asyncDispose]: () => database.drop(),
  }
}

/**
 * Lets two transactions meet as badly as they can: the first stands in its middle when the second begins, and goes on when
 * that one waits (or has ended).
 * @returns the SQLSTATE with which each has ended, `null` where it was committed.
 */
async function cross(database: TestDatabase, crossing: Crossing): Promise<readonly (string | null)[]> {
  const [gate, first, second] = await Promise.all([connect(database), connect(database), connect(database)])
  try {
    if (crossing.gate !== undefined) {
      await gate.query('begin')
      await gate.query(crossing.gate.sql, [...(crossing.gate.values ?? [])])
    }
    const one = run(first, crossing.first)
    await waiting(database, first, one)
    const other = run(second, crossing.second)
    await waiting(database, second, other)
    await gate.query('rollback')
    return await Promise.all([one, other])
  } finally {
    await Promise.all([gate, first, second].map((client) => client.end()))
  }
}

async function connect(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => undefined)
  await client.connect()
  await client.query("set deadlock_timeout = '200ms'; set lock_timeout = '10s'")
  return client
}

async function run(client: pg.Client, calls: readonly Call[]): Promise<string | null> {
  try {
    await client.query('begin')
    for (const { sql, values } of calls) await client.query(sql, [...(values ?? [])])
    await client.query('commit')
    return null
  } catch (error) {
    await client.query('rollback')
    return String((error as { code?: unknown }).code ?? error)
  }
}

/** Until its transaction waits for a lock or has ended. */
async function waiting(database: TestDatabase, client: pg.Client, ended: Promise<unknown>): Promise<void> {
  const { processID } = client as unknown as { readonly processID: number }
  let over = false
  ended.then(() => {
    over = true
  })
  const waits = `select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`
  await until(async () => over || (await adminQuery(database.url, waits, [processID])).length > 0, {
    timeoutMs: 10_000,
    what: 'a transaction that waits for another one',
  })
}

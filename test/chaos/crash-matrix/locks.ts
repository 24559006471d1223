import pg from 'pg'
import { until } from '../../support/until.ts'

/** Holds transactions up: whoever asks for a lock waits in its statement or its commit until it is let go. */
export interface Locks {
  /** Takes a lock of which nobody else has the number. */
  readonly take: () => Promise<number>
  /** Resolves when a transaction waits for the lock. */
  readonly waitedFor: (lock: number) => Promise<void>
  readonly isWaitedFor: (lock: number) => Promise<boolean>
  readonly letGo: (lock: number) => Promise<void>
  /** Ends the transactions that wait for it: they are rolled back. */
  readonly rollBack: (lock: number) => Promise<void>
  readonly close: () => Promise<void>
}

export async function openLocks(databaseUrl: string): Promise<Locks> {
  const holder = new pg.Client({ connectionString: databaseUrl })
  holder.on('error', () => undefined)
  await holder.connect()
  let last = 770_000
  let turn: Promise<unknown> = Promise.resolve()
  /** One statement at a time: locks belong to the session. */
  const query = (sql: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    const mine = turn.then(() => holder.query(sql, [...values]))
    turn = mine.catch(() => undefined)
    return mine
  }
  const waiters = async (lock: number): Promise<readonly number[]> => {
    const { rows } = await query(
      `select pid from pg_locks where locktype = 'advisory' and not granted and objid = $1::integer::oid
         and database = (select oid from pg_database where datname = current_database())`,
      [lock],
    )
    return (rows as { pid: number }[]).map(({ pid }) => pid)
  }
  const isWaitedFor = async (lock: number) => (await waiters(lock)).length > 0
  return {
    async take() {
      last += 1
      const lock = last
      await query('select pg_advisory_lock($1)', [lock])
      return lock
    },
    isWaitedFor,
    async waitedFor(lock) {
      await until(() => isWaitedFor(lock), { timeoutMs: 20_000, intervalMs: 5, what: `a transaction at lock ${lock}` })
    },
    letGo: async (lock) => void (await query('select pg_advisory_unlock($1)', [lock])),
    async rollBack(lock) {
      for (const pid of await waiters(lock)) await query('select pg_terminate_backend($1, 5000)', [pid])
    },
    close: () => holder.end(),
  }
}

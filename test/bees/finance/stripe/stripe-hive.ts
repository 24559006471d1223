import { randomBytes } from 'node:crypto'
import pg from 'pg'
import bee from '../../../../bees/finance/bee.ts'
import type { FinanceServices } from '../../../../bees/finance/services.ts'
import { createStripeLists } from '../../../../bees/finance/stripe/create-lists.ts'
import { createStripeReader } from '../../../../bees/finance/stripe/create-reader.ts'
import { type Environment, parseInput, parseOutput, type TaskContext, taskCount } from '../../../../src/bee/index.ts'
import { digestOf, type Json } from '../../../../src/canonical.ts'
import type { WorldEvent } from '../../../../src/local/stripe/index.ts'
import { systemClock } from '../../../../src/resilience/index.ts'
import { createDatabase } from '../../../support/index.ts'
import type { ActualRows, TableName } from '../../../world/index.ts'

export interface RunOptions {
  /** @default a new one */
  readonly process?: string | undefined
  /** Which assignment of the process it is. @default 0 */
  readonly retries?: number | undefined
  /** The executor is gone after so many transactions have committed, before it hears of the last. */
  readonly diesAfter?: number | undefined
  /** The time is up after so many transactions. */
  readonly timeIsUpAfter?: number | undefined
}

export interface Run {
  readonly output: Record<string, unknown>
  readonly counts: Readonly<Record<string, number>>
  readonly transactions: number
}

/** The tasks of the Finance Bee with a real database and a Stripe, and neither broker nor gateway. */
export interface StripeHive {
  run(task: string, input: unknown, options?: RunOptions): Promise<Run>
  deliver(...events: readonly WorldEvent[]): Promise<void>
  rows(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** All that Stripe's objects have become, for the oracle. */
  actual(): Promise<ActualRows>
  close(): Promise<void>
}

export class Died extends Error {}

export async function stripeHive(env: Environment): Promise<StripeHive> {
  const database = await createDatabase()
  const pool = new pg.Pool({ connectionString: database.url, max: 4, types })
  pool.on('error', () => undefined)
  const servicesOf = (): FinanceServices => ({
    stripe: createStripeReader(env, { random: () => 0 }),
    lists: createStripeLists(env, { random: () => 0, perSecond: 10_000 }),
  })
  const rows: StripeHive['rows'] = async (sql, values = []) => (await pool.query(sql, [...values])).rows

  const run: StripeHive['run'] = async (name, value, options = {}) => {
    const task = bee.tasks.get(name)
    if (task === undefined) throw new Error(`the finance bee has no ${name}`)
    const { process = randomBytes(32).toString('hex'), retries = 0, diesAfter, timeIsUpAfter } = options
    const input = parseInput(task, value)
    const call = {
      ...{ v: 1, op: 'execute', colony: 'test', process, executor: 'e'.repeat(64), bee: 'finance', task: name },
      ...{ fence: { retries, starttime: '2026-01-01T00:00:00.000000Z' }, key: task.key?.(input) ?? null },
      ...{ input_digest: digestOf(value), schema_hash: task.schemaHash, nonce: null },
    }
    const counts: Record<string, number> = {}
    let transactions = 0
    const context: TaskContext<unknown, unknown> = {
      ...{ input, services: servicesOf(), clock: systemClock },
      transact: async (payload = input as Json, { step = transactions + 1 } = {}) => {
        const reply = await execute(pool, { ...call, step, payload })
        transactions += 1
        if (transactions === diesAfter) throw new Died()
        if (reply.outcome !== 'applied' && reply.outcome !== 'replayed') throw new Error(`received ${reply.outcome}`)
        return { outcome: reply.outcome, ledgerId: String(reply['ledger_id']), step, output: reply['output'] as Json }
      },
      read: () => Promise.reject(new Error('finance reads nothing that way')),
      process: {
        submitter: null,
        ...{
          id: process,
          colony: 'test',
          bee: 'finance',
          task: name,
          executor: 'e'.repeat(64),
          retries,
          submittedAt: 0,
        },
        remainingMs: () => (timeIsUpAfter !== undefined && transactions >= timeIsUpAfter ? 0 : task.deadlineMs),
        ownershipLost: new AbortController().signal,
      },
      log: { debug: silent, info: silent, warn: silent, error: silent },
      signal: AbortSignal.timeout(task.deadlineMs),
      shuttingDown: new AbortController().signal,
      count: taskCount(task, (what, by) => {
        counts[what] = (counts[what] ?? 0) + by
      }),
    }
    const output = parseOutput(task, await task.run(context)) as Record<string, unknown>
    return { output, counts, transactions }
  }

  return {
    run,
    rows,
    actual: async () => {
      const each = await Promise.all(tables.map(async (table) => [table, await rows(`select * from finance.${table}`)]))
      return {
        tables: Object.fromEntries(each),
        entitlements: await rows('select * from finance.user_profiles'),
        payments: await rows('select * from finance.payment_nets'),
      }
    },
    deliver: async (...events) => {
      for (const event of events) await run('apply_stripe_event', { event: event.snapshot() })
    },
    close: async () => {
      await pool.end()
      await database.drop()
    },
  }
}

const silent = () => undefined

/** Amounts as numbers, times as RFC 3339. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number
    if (oid === pg.types.builtins.TIMESTAMPTZ) return (text: string) => new Date(text).toISOString()
    return pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

const tables: readonly TableName[] = [
  'customers',
  'checkout_sessions',
  'subscriptions',
  'subscription_items',
  'invoices',
  'invoice_payments',
  'payment_intents',
  'charges',
  'refunds',
  'disputes',
  'credit_notes',
]

async function execute(pool: pg.Pool, call: unknown): Promise<Record<string, unknown> & { readonly outcome: string }> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('set local role service_role')
    const { rows } = await client.query('select public.bee_execute($1) as reply', [JSON.stringify(call)])
    await client.query('commit')
    return rows[0].reply
  } catch (thrown) {
    await client.query('rollback')
    throw thrown
  } finally {
    client.release()
  }
}

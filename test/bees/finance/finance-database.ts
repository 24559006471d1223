import { randomBytes } from 'node:crypto'
import pg from 'pg'
import bee from '../../../bees/finance/bee.ts'
import { parseInput, parseOutput, type Task, type TaskContext, type Transact } from '../../../src/bee/index.ts'
import { digestOf, type Json } from '../../../src/canonical.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { createDatabase } from '../../support/index.ts'
import type { SentEvent } from './stripe-events.ts'

export interface Applied {
  /** What bee_execute answered: applied, replayed, input_mismatch, ... */
  readonly outcome: string
  readonly output: {
    readonly event: string
    readonly state: string
    readonly unparked: number
    readonly entitlement: {
      readonly entitled: boolean
      readonly plan: string | null
      readonly until: string | null
    } | null
  }
}

export interface FinanceDatabase {
  readonly url: string
  /** Runs the task on one event as the fleet does, over bee_execute as service_role. */
  readonly apply: (event: SentEvent, process?: string) => Promise<Applied>
  readonly applyAll: (...events: readonly SentEvent[]) => Promise<readonly Applied[]>
  /** The same for the input that the webhook makes. */
  readonly run: (input: unknown, process?: string) => Promise<Applied>
  readonly rows: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>
  readonly one: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>>
  readonly close: () => Promise<void>
}

export const task = ((): Task => {
  const found = bee.tasks.get('apply_stripe_event')
  if (found === undefined) throw new Error('the finance bee has no apply_stripe_event')
  return found
})()

/** What a submitter hands in: the members that are the same in every delivery. */
export function inputOf(event: SentEvent): { readonly event: Json } {
  const { id, type, created, livemode, account, api_version, data } = event
  const kept = { id, type, created, livemode, ...(account ? { account } : {}), api_version, data }
  return { event: JSON.parse(JSON.stringify(kept)) }
}

export async function financeDatabase(): Promise<FinanceDatabase> {
  const database = await createDatabase()
  const pool = new pg.Pool({ connectionString: database.url, max: 22 })
  pool.on('error', () => undefined)

  const rows = async (sql: string, values: readonly unknown[] = []) => (await pool.query(sql, [...values])).rows

  const run = async (input: unknown, process = randomBytes(32).toString('hex')): Promise<Applied> => {
    let outcome = ''
    const transact: Transact = async (payload) => {
      const reply = await execute(pool, { process, input, payload: payload ?? null })
      outcome = String(reply['outcome'])
      if (outcome !== 'applied' && outcome !== 'replayed') throw new Refused(outcome)
      return { outcome, ledgerId: String(reply['ledger_id']), step: 1, output: reply['output'] as Json }
    }
    try {
      const output = await task.run(contextOf(parseInput(task, input), transact))
      return { outcome, output: parseOutput(task, output) as Applied['output'] }
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      return { outcome, output: { event: '', state: 'refused', unparked: 0, entitlement: null } }
    }
  }
  const apply = (event: SentEvent, process?: string) => run(inputOf(event), process)
  return {
    url: database.url,
    run,
    apply,
    applyAll: async (...events) => {
      const all: Applied[] = []
      for (const event of events) all.push(await apply(event))
      return all
    },
    rows,
    one: async (sql, values) => {
      const found = await rows(sql, values)
      if (found.length !== 1 || found[0] === undefined)
        throw new Error(`expected one row, received ${found.length}: ${sql}`)
      return found[0]
    },
    close: async () => {
      await pool.end()
      await database.drop()
    },
  }
}

class Refused extends Error {}

async function execute(
  pool: pg.Pool,
  parts: { readonly process: string; readonly input: unknown; readonly payload: Json },
): Promise<Record<string, unknown>> {
  const call = {
    v: 1,
    op: 'execute',
    colony: 'test',
    process: parts.process,
    executor: 'e'.repeat(64),
    fence: { retries: 0, starttime: '2026-01-01T00:00:00.000000Z' },
    bee: 'finance',
    task: 'apply_stripe_event',
    step: 1,
    key: task.key?.(parseInput(task, parts.input)) ?? null,
    input_digest: digestOf(parts.input),
    schema_hash: task.schemaHash,
    nonce: null,
    payload: parts.payload,
  }
  const client = await pool.connect()
  try {
    // As PostgREST does it: one transaction, the role set locally, the function's limits from outside.
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

function contextOf(input: unknown, transact: Transact): TaskContext<unknown, unknown> {
  const never = new AbortController().signal
  const silent = () => undefined
  return {
    input,
    transact,
    process: {
      id: 'f'.repeat(64),
      colony: 'test',
      bee: 'finance',
      task: 'apply_stripe_event',
      executor: 'e'.repeat(64),
      retries: 0,
      submittedAt: 0,
      remainingMs: () => 30_000,
      ownershipLost: never,
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    signal: never,
    shuttingDown: never,
    services: undefined,
    clock: systemClock,
  }
}

import { randomBytes } from 'node:crypto'
import pg from 'pg'
import bee from '../../../bees/finance/bee.ts'
import type { FinanceServices } from '../../../bees/finance/services.ts'
import type { Outcome, Take, Taken } from '../../../bees/finance/steps.ts'
import { StripeReadError, type StripeReader } from '../../../bees/finance/stripe/reader.ts'
import {
  parseInput,
  parseOutput,
  type Task,
  type TaskContext,
  type Transact,
  taskCount,
} from '../../../src/bee/index.ts'
import { digestOf, type Json } from '../../../src/canonical.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { createDatabase } from '../../support/index.ts'
import type { SentEvent, SentThinEvent } from './stripe-events.ts'

export interface Applied {
  /** What bee_execute answered to the last transaction: applied, replayed, input_mismatch, ... */
  readonly outcome: string
  readonly output: Omit<Outcome, 'state'> & { readonly state: Outcome['state'] | 'refused' }
  /** What the task counted, by name. */
  readonly counts: Readonly<Record<string, number>>
  /** Transactions that the run has made. */
  readonly steps: number
}

export interface RunOptions {
  /** Process id; give that of an earlier run to repeat it. @default a new one */
  readonly process?: string | undefined
  /** How this run reads from Stripe. @default the database's */
  readonly stripe?: StripeReader | undefined
}

export interface FinanceDatabase {
  readonly url: string
  /** Runs the task on one event as the fleet does, over bee_execute as service_role. */
  readonly apply: (event: SentEvent | SentThinEvent, options?: RunOptions) => Promise<Applied>
  readonly applyAll: (...events: readonly (SentEvent | SentThinEvent)[]) => Promise<readonly Applied[]>
  /** The same for the input that the webhook makes. */
  readonly run: (input: unknown, options?: RunOptions) => Promise<Applied>
  /** finance.take itself, in a transaction of its own. */
  readonly take: (input: Take) => Promise<Taken>
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
export function inputOf(event: SentEvent | SentThinEvent): { readonly event: Json } {
  const {
    pending_webhooks: _1,
    request: _2,
    changes: _3,
    reason: _4,
    ...kept
  } = event as unknown as Record<string, Json>
  if (kept['object'] === 'event') delete kept['object']
  return { event: JSON.parse(JSON.stringify(kept)) }
}

/** Stripe that nobody can reach. */
export const noStripe: StripeReader = {
  read: () => Promise.reject(new StripeReadError('unavailable', 'there is no Stripe here')),
}

/** Stripe that shows what `objectOf` says (undefined: there is no such object), at that time by its own clock. */
export const stripeOf = (objectOf: (id: string) => unknown, dateS: number): StripeReader => ({
  read: async ({ object: id }) => {
    const object = objectOf(id)
    return object === undefined ? { dateS, elapsedMs: 5, found: false } : { dateS, elapsedMs: 5, found: true, object }
  },
})

export interface DatabaseOptions {
  /** @default noStripe */
  readonly stripe?: StripeReader | undefined
}

export async function financeDatabase({ stripe = noStripe }: DatabaseOptions = {}): Promise<FinanceDatabase> {
  const database = await createDatabase()
  const pool = new pg.Pool({ connectionString: database.url, max: 22 })
  pool.on('error', () => undefined)

  const rows = async (sql: string, values: readonly unknown[] = []) => (await pool.query(sql, [...values])).rows

  const run = async (input: unknown, options: RunOptions = {}): Promise<Applied> => {
    const process = options.process ?? randomBytes(32).toString('hex')
    const counts: Record<string, number> = {}
    let [outcome, steps] = ['', 0]
    const transact: Transact = async (payload, { step = steps + 1 } = {}) => {
      steps += 1
      const reply = await execute(pool, { process, input, step, payload: payload ?? null })
      outcome = String(reply['outcome'])
      if (outcome !== 'applied' && outcome !== 'replayed') throw new Refused(outcome)
      return { outcome, ledgerId: String(reply['ledger_id']), step, output: reply['output'] as Json }
    }
    const context = contextOf(parseInput(task, input), transact, {
      services: { ...({} as FinanceServices), stripe: options.stripe ?? stripe },
      count: taskCount(task, (what, by) => {
        counts[what] = (counts[what] ?? 0) + by
      }),
    })
    try {
      const output = parseOutput(task, await task.run(context)) as Outcome
      return { outcome, output, counts, steps }
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      const output = { event: '', state: 'refused', waits_for: null, unparked: 0, entitlement: null } as const
      return { outcome, output, counts, steps }
    }
  }
  const apply: FinanceDatabase['apply'] = (event, options) => run(inputOf(event), options)
  return {
    url: database.url,
    run,
    apply,
    applyAll: async (...events) => {
      const all: Applied[] = []
      for (const event of events) all.push(await apply(event))
      return all
    },
    take: async (input) => {
      const call = { process: randomBytes(32).toString('hex'), input_digest: digestOf(input as unknown as Json) }
      const [row] = await rows('select finance.take($1, $2) as taken', [JSON.stringify(input), JSON.stringify(call)])
      return row?.['taken'] as Taken
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
  parts: { readonly process: string; readonly input: unknown; readonly step: number; readonly payload: Json },
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
    step: parts.step,
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

function contextOf(
  input: unknown,
  transact: Transact,
  parts: Pick<TaskContext<unknown, unknown>, 'services' | 'count'>,
): TaskContext<unknown, unknown> {
  const never = new AbortController().signal
  const silent = () => undefined
  return {
    input,
    transact,
    read: () => Promise.reject(new Error('finance reads nothing that way')),
    process: {
      submitter: null,
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
    clock: systemClock,
    ...parts,
  }
}

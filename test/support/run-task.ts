import { createHash, randomBytes } from 'node:crypto'
import {
  type Bee,
  type Environment,
  parseInput,
  parseOutput,
  type TaskContext,
  taskCount,
} from '../../src/bee/index.ts'
import { digestOf, type Json } from '../../src/canonical.ts'
import { BeeError } from '../../src/errors.ts'
import { createLedger, type TransactionResult } from '../../src/ledger/index.ts'
import { type Clock, systemClock } from '../../src/resilience/index.ts'
import { createDatabase, type TestDatabase } from './create-database.ts'
import { startTestGateway } from './start-test-gateway.ts'

export interface RunTaskOptions {
  /** Lets several runs share their rows. @default a fresh, migrated one for this run alone */
  readonly database?: TestDatabase | undefined
  /** Process id; give that of an earlier run to repeat it. @default a new one */
  readonly process?: string | undefined
  /** Id of the key that signed the envelope. @default null, as on the direct path */
  readonly submitter?: string | undefined
  /** @default the system's */
  readonly clock?: Clock | undefined
  /** What the bee's `services` is built from. @default {} */
  readonly env?: Environment | undefined
}

export interface TaskRun {
  /** What the handler returned, as its schema has parsed it. */
  readonly output: unknown
  /** `replayed` when each of its transactions was. */
  readonly outcome: 'applied' | 'replayed'
  readonly process: string
  readonly transactions: readonly TransactionResult[]
  /** What it counted, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/**
 * Runs one task of a bee as a hive would, with a real ledger on a real Postgres, but without a broker.
 * @throws BeeError as the pipeline would see it.
 */
export async function runTask(bee: Bee, name: string, value: Json, options: RunTaskOptions = {}): Promise<TaskRun> {
  if (options.database !== undefined) return runOn(options.database, bee, name, value, options)
  await using database = await createDatabase()
  return await runOn(database, bee, name, value, options)
}

async function runOn(database: TestDatabase, bee: Bee, name: string, value: Json, options: RunTaskOptions) {
  const task = bee.tasks.get(name)
  if (task === undefined) throw new BeeError('BEE_TASK_UNKNOWN', `the bee ${bee.name} has no task ${name}`)
  const input = parseInput(task, value)
  const key = task.key?.(input) ?? null
  // The narrow role: a task that needs more than bee_execute shows here.
  await using gateway = await startTestGateway(database.url)
  const ledger = createLedger({ url: gateway.url, key: gateway.keys.bee })
  const process = options.process ?? randomBytes(32).toString('hex')
  const executor = createHash('sha256').update('the executor of these tests').digest('hex')
  const fence = { retries: 0, starttime: new Date().toISOString() }
  const deadlineMs = systemClock.monotonicMs() + task.deadlineMs
  const signal = AbortSignal.timeout(task.deadlineMs)
  const submitter = options.submitter ?? null
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const nonce = submitter === null ? null : { kid: submitter, nonce: process.slice(0, 32), expires_at: expiresAt }
  const transactions: TransactionResult[] = []
  const counts: Record<string, number> = {}
  const context: TaskContext<unknown, unknown> = {
    input,
    transact: async (payload = input as Json, { step = transactions.length + 1 } = {}) => {
      const call = {
        ...{ colony: 'test', process, executor, fence, bee: bee.name, task: name, step, key, payload, nonce },
        ...{ input_digest: digestOf(value), schema_hash: task.schemaHash },
      }
      const result = await ledger.transact(call, { deadlineMs, signal, retry: task.retry })
      transactions.push(result)
      return result
    },
    read: (payload) => {
      if (!task.reads) return Promise.reject(new BeeError('BEE_HANDLER_REFUSED', `${name} does not say reads: true`))
      const call = { colony: 'test', process, bee: bee.name, task: name, payload }
      return ledger.query(call, { deadlineMs, signal, retry: task.retry })
    },
    process: {
      submitter,
      ...{ id: process, colony: 'test', bee: bee.name, task: name, executor, retries: 0, submittedAt: Date.now() },
      remainingMs: () => Math.max(0, deadlineMs - systemClock.monotonicMs()),
      ownershipLost: new AbortController().signal,
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    signal,
    shuttingDown: new AbortController().signal,
    services: await bee.services(options.env ?? {}),
    clock: options.clock ?? systemClock,
    count: taskCount(task, (what, by) => {
      counts[what] = (counts[what] ?? 0) + by
    }),
  }
  const output = parseOutput(task, await task.run(context))
  const replayed = transactions.length > 0 && transactions.every(({ outcome }) => outcome === 'replayed')
  return { output, outcome: replayed ? ('replayed' as const) : ('applied' as const), process, transactions, counts }
}

import type { z } from 'zod'
import type { Json } from '../canonical.ts'
import type { Clock } from '../resilience/index.ts'
import type { TaskSchemas } from './schema.ts'

export interface RetryOptions {
  /** Calls of the transaction in all, the first included. @default 3 */
  readonly tries?: number | undefined
  /** @default 1000 */
  readonly baseMs?: number | undefined
  /** @default 2 */
  readonly factor?: number | undefined
  /** Upper bound of one wait. @default 30_000 */
  readonly capMs?: number | undefined
}

/** What a handler may know of its process. */
export interface ProcessFacts {
  readonly id: string
  readonly colony: string
  readonly bee: string
  readonly task: string
  readonly executor: string
  /** 0 for the first assignment; grows when the broker takes the process back after a timeout. */
  readonly retries: number
  /** Id of the key that signed the task envelope; null on the direct path, where nobody did. */
  readonly submitter: string | null
  /** When the submitter handed it in, milliseconds since 1970. */
  readonly submittedAt: number
  /** Milliseconds of the time budget that are left now. */
  remainingMs(): number
  /** Aborts when the process belongs to somebody else; whatever the handler does then changes nothing. */
  readonly ownershipLost: AbortSignal
}

export interface TransactOptions {
  /** @default the number of transact calls of this run so far, plus one */
  readonly step?: number | undefined
}

export interface Transaction {
  readonly outcome: 'applied' | 'replayed'
  readonly ledgerId: string
  readonly step: number
  /** What the task's SQL function returned, now or when it was first applied. */
  readonly output: Json
}

/**
 * Runs the task's SQL function once, in one transaction with its ledger row. `payload` defaults to the task's input.
 * Safe to repeat: a step that has committed returns its stored output.
 *
 * @throws BeeError; let it pass through: the pipeline knows its class.
 */
export type Transact = (payload?: Json, options?: TransactOptions) => Promise<Transaction>

/**
 * Calls the task's `__read` function, `bee_tasks.<bee>__<task>__read`, in a transaction that cannot write. Nothing is
 * recorded and nothing used up, so another assignment may see something else: decide in `transact` whether what was seen
 * still holds. Keep what it returns small (pages); it is for tasks that say `reads: true`.
 *
 * @throws BeeError; let it pass through: the pipeline knows its class.
 */
export type Read = (payload: Json) => Promise<Json>

/** A logger that knows the process and hides sensitive fields. */
export interface TaskLog {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

export interface TaskContext<Input, Services> {
  readonly input: Input
  readonly transact: Transact
  readonly read: Read
  readonly process: ProcessFacts
  readonly log: TaskLog
  /** Stop now: cancelled, out of time, or ownership lost; `signal.reason` is a BeeError that says which. */
  readonly signal: AbortSignal
  /** The hive is going to stop: finish soon or return early. */
  readonly shuttingDown: AbortSignal
  readonly services: Services
  readonly clock: Clock
  /**
   * Adds to the metric `bees_task_counts_total{bee,task,what}`, at once: a run that is repeated counts again. The name
   * must be one of the task's `counts`.
   *
   * @param by a number from 0. @default 1
   * @param part which of several things of the task's own it was (a rule, a receiver), never text from outside: goes to
   * `bees_task_part_counts_total{bee,task,what,part}` instead. Lower-case letters, digits, `_`, `.` and `-`; from the 201st
   * different one of a task on they count as `other`.
   * @throws BeeError BEE_HANDLER_REFUSED for an undeclared name, a wrong number or a wrong part
   */
  count(name: string, by?: number, part?: string): void
}

/** A standing order of a task to itself. */
export interface TaskScheduleOptions<Input> {
  /** Seconds between two runs, whole, from 10 to 2_678_400 (31 days). */
  readonly everyS: number
  /** The input of every run. Plain JSON. */
  readonly input: Input
}

/** A schedule as the fleet sees it. */
export type TaskSchedule = TaskScheduleOptions<{ readonly [key: string]: Json }>

export interface TaskOptions<Input extends z.ZodType, Output extends z.ZodType, Services> {
  /** One sentence for people; published as the description of the Colonies function. */
  readonly description: string
  readonly input: Input
  readonly output: Output
  /** Time budget of one assignment, milliseconds; at least 1000. Becomes `maxexectime`. @default 60_000 */
  readonly deadlineMs?: number | undefined
  /** Retries of the transaction inside the budget. */
  readonly retry?: RetryOptions | undefined
  /** How often the broker hands the process out again after a timeout. @default 5 */
  readonly brokerRetries?: number | undefined
  /** Two processes with one key have one effect. Must depend on the input alone. */
  readonly key?: ((input: z.output<Input>) => string) | undefined
  /** Most runs of this task at once in one hive. @default no limit but the bee's slots */
  readonly concurrency?: number | undefined
  /** Whether the handler may `read`, for which the task needs a second SQL function. @default false */
  readonly reads?: boolean | undefined
  /** Names that `count` may be called with; they become values of a metric's label. @default none */
  readonly counts?: readonly string[] | undefined
  /**
   * Runs the task again and again: every hive that can sign keeps one cron for it at the broker, and each slot of
   * `everyS` seconds has one run, whichever hive takes it.
   * @default runs only when somebody submits it
   */
  readonly schedule?: TaskScheduleOptions<z.input<Input>> | undefined
  readonly run: (context: TaskContext<z.output<Input>, Services>) => Promise<z.input<Output>>
}

/** What `defineTask` returns: checked, frozen, with its defaults filled in; its name comes from the bee around it. */
export interface TaskDefinition<Input extends z.ZodType, Output extends z.ZodType, Services>
  extends Omit<Task, 'name' | 'input' | 'output' | 'key' | 'run'> {
  readonly input: Input
  readonly output: Output
  readonly key: ((input: z.output<Input>) => string) | undefined
  readonly run: (context: TaskContext<z.output<Input>, Services>) => Promise<z.input<Output>>
}

/** Any task that a bee with these services can run. */
export interface AnyTaskDefinition<Services> extends Omit<Task, 'name' | 'key' | 'run'> {
  readonly key: ((input: never) => string) | undefined
  readonly run: (context: TaskContext<never, Services>) => Promise<unknown>
}

export interface BeeOptions<Services> {
  /** Folder name and, with `-bee`, executor type: lower-case letters, digits and single hyphens. */
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** Running tasks at once in one hive. @default 4 */
  readonly slots?: number | undefined
  /**
   * Builds what `run` gets as `services` (clients, settings), once for each hive, from its environment.
   * @default no services
   */
  readonly services?: ((env: Environment) => Services | Promise<Services>) | undefined
  /** By name: lower-case letters, digits and single underscores. */
  readonly tasks: Readonly<Record<string, AnyTaskDefinition<NoInfer<Services>>>>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A task as the fleet sees it: checked, frozen, with its defaults filled in. */
export interface Task {
  readonly name: string
  readonly description: string
  readonly input: z.ZodType
  readonly output: z.ZodType
  readonly deadlineMs: number
  readonly retry: Required<{ [K in keyof RetryOptions]: number }>
  readonly brokerRetries: number
  readonly key: ((input: unknown) => string) | undefined
  readonly concurrency: number | undefined
  /** Whether the handler may `read`. */
  readonly reads: boolean
  /** Names that `count` accepts. */
  readonly counts: readonly string[]
  readonly schedule: TaskSchedule | undefined
  readonly run: (context: TaskContext<unknown, unknown>) => Promise<unknown>
  /** JSON Schemas of input (as submitted) and output (as published). */
  readonly schemas: TaskSchemas
  /** SHA-256 of the canonical JSON Schemas of input and output. */
  readonly schemaHash: string
}

export interface Bee {
  readonly name: string
  readonly description: string
  /** `<name>-bee`, the executor type at the broker. */
  readonly executorType: string
  /** Running tasks at once in one hive. @default 4 */
  readonly slots: number
  readonly tasks: ReadonlyMap<string, Task>
  /** Builds what `run` gets as `services`, once for each hive. */
  readonly services: (env: Environment) => Promise<unknown>
}

import type { Json } from '../canonical.ts'
import { sensitivePaths } from './sensitive.ts'
import type { Bee, Task } from './types.ts'

/** What `bees list --json` prints for a task. */
export interface TaskDescription {
  readonly name: string
  readonly description: string
  readonly deadlineMs: number
  readonly retry: Task['retry']
  readonly brokerRetries: number
  /** Null: no limit but the bee's slots. */
  readonly concurrency: number | null
  /** True when two processes can have one effect because they share a business key. */
  readonly keyed: boolean
  /** Names that it counts under, in bees_task_counts_total. */
  readonly counts: readonly string[]
  /** Seconds between the runs that the hive sees to; null: it runs only when somebody submits it. */
  readonly everyS: number | null
  readonly schemaHash: string
  readonly input: Json
  readonly output: Json
  /** Where the marked fields are. */
  readonly sensitive: { readonly input: readonly string[]; readonly output: readonly string[] }
}

/** What `bees list --json` prints for a bee. */
export interface BeeDescription {
  readonly name: string
  readonly description: string
  readonly executorType: string
  readonly slots: number
  readonly tasks: readonly TaskDescription[]
}

export function describeBee(bee: Bee): BeeDescription {
  const { name, description, executorType, slots } = bee
  return { name, description, executorType, slots, tasks: [...bee.tasks.values()].map(describeTask) }
}

function describeTask(task: Task): TaskDescription {
  return {
    name: task.name,
    description: task.description,
    deadlineMs: task.deadlineMs,
    retry: task.retry,
    brokerRetries: task.brokerRetries,
    concurrency: task.concurrency ?? null,
    keyed: task.key !== undefined,
    counts: task.counts,
    everyS: task.schedule?.everyS ?? null,
    schemaHash: task.schemaHash,
    input: task.schemas.input,
    output: task.schemas.output,
    sensitive: { input: sensitivePaths(task.input), output: sensitivePaths(task.output) },
  }
}

/** One argument of a function as the Colonies server registers it. */
export interface FunctionArgument {
  readonly name: string
  readonly type: string
  readonly description?: string
  readonly required: boolean
  readonly enum?: readonly string[]
}

/** What `addFunction` publishes for a task: its description and the members of its input. */
export interface FunctionDescription {
  readonly funcname: string
  readonly description: string
  readonly args: readonly FunctionArgument[]
}

export function describeFunction(task: Task): FunctionDescription {
  const { properties, required } = task.schemas.input
  const names = Array.isArray(required) ? required : []
  const args = Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) =>
    argumentOf(name, isObject(schema) ? schema : {}, names.includes(name)),
  )
  return { funcname: task.name, description: task.description, args }
}

function argumentOf(name: string, schema: { readonly [key: string]: Json }, required: boolean): FunctionArgument {
  const { type, description, enum: values } = schema
  const texts = Array.isArray(values) ? values.map(String) : []
  return {
    name,
    type: typeof type === 'string' ? type : 'any',
    required,
    ...(typeof description === 'string' ? { description } : {}),
    ...(texts.length > 0 ? { enum: texts } : {}),
  }
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import { z } from 'zod'
import { BeeError } from '../errors.ts'
import { aFunction, checkOptions, integer, invalid, optional, type Rule, type Rules, text } from './check-options.ts'
import { schemaHash, taskSchemas } from './schema.ts'
import { countNames } from './task-count.ts'
import { scheduleOf } from './task-schedule.ts'
import type { RetryOptions, Task, TaskDefinition, TaskOptions } from './types.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const LONGEST_KEY = 512

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.core.$ZodType

const inputSchema: Rule = {
  expected: 'a zod object schema (z.object, z.strictObject or z.looseObject)',
  accepts: (value) => isSchema(value) && value._zod.def.type === 'object',
}

const rules: Rules = {
  description: text(500),
  input: inputSchema,
  output: { expected: 'a zod schema', accepts: isSchema },
  run: aFunction,
  deadlineMs: optional(integer(1000, DAY_MS)),
  retry: optional({ expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null }),
  // Not 0: the broker would fail the process instead of handing it out again.
  brokerRetries: optional(integer(1, 1000)),
  key: optional(aFunction),
  concurrency: optional(integer(1, 10_000)),
  reads: optional({ expected: 'true or false', accepts: (value) => typeof value === 'boolean' }),
  counts: countNames,
  schedule: optional({ expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null }),
}

const retryRules: Rules = {
  tries: optional(integer(1, 100)),
  baseMs: optional(integer(0, DAY_MS)),
  factor: optional({
    expected: 'a number from 1 to 100',
    accepts: (value) => typeof value === 'number' && value >= 1 && value <= 100,
  }),
  capMs: optional(integer(0, DAY_MS)),
}

/**
 * Defines a task: checks every option, fills in the defaults and freezes it. The types of `run` and `key` follow from
 * the zod schemas. For a task that uses its bee's services see `defineTaskWith`.
 *
 * @throws BeeError BEE_BEE_INVALID which says what was expected and what was received.
 */
export function defineTask<Input extends z.ZodObject, Output extends z.ZodType>(
  options: TaskOptions<Input, Output, unknown>,
): TaskDefinition<Input, Output, unknown> {
  return definition(options)
}

/**
 * `defineTask` for tasks that use what their bee's `services` builds. The compiler sees to it that the bee builds it.
 *
 * @example const defineTask = defineTaskWith<{ readonly mailer: Mailer }>()
 */
export function defineTaskWith<Services>() {
  return <Input extends z.ZodObject, Output extends z.ZodType>(options: TaskOptions<Input, Output, Services>) =>
    definition(options)
}

function definition<Input extends z.ZodObject, Output extends z.ZodType, Services>(
  options: TaskOptions<Input, Output, Services>,
): TaskDefinition<Input, Output, Services> {
  checkOptions('defineTask', options, rules)
  const { description, input, output, deadlineMs = 60_000, brokerRetries = 5, key, concurrency, run } = options
  const schemas = taskSchemas({ input, output })
  return Object.freeze({
    description,
    input,
    output,
    deadlineMs,
    brokerRetries,
    retry: retryOf(options.retry),
    key: key === undefined ? undefined : (value: z.output<Input>) => checkedKey(() => key(value)),
    concurrency,
    reads: options.reads ?? false,
    counts: Object.freeze([...(options.counts ?? [])]),
    schedule: scheduleOf(options.schedule, input),
    run,
    schemas,
    schemaHash: schemaHash(schemas),
  })
}

function retryOf(options: RetryOptions = {}): Task['retry'] {
  checkOptions('defineTask: retry', options, retryRules)
  const { tries = 3, baseMs = 1000, factor = 2, capMs = Math.max(30_000, baseMs) } = options
  if (capMs < baseMs) throw invalid('defineTask: retry.capMs', `at least baseMs (${baseMs})`, capMs)
  return Object.freeze({ tries, baseMs, factor, capMs })
}

function checkedKey(make: () => unknown): string {
  // The key may hold a sensitive field, so no message quotes it.
  const wrong = (received: string) =>
    new BeeError('BEE_BEE_INVALID', `key(input): expected text of 1 to ${LONGEST_KEY} characters, received ${received}`)
  let key: unknown
  try {
    key = make()
  } catch (error) {
    throw wrong(`a thrown ${error instanceof Error ? error.name : typeof error}`)
  }
  if (typeof key !== 'string') throw wrong(key instanceof Promise ? 'a promise' : typeof key)
  if (key.length === 0 || key.length > LONGEST_KEY) throw wrong(`${key.length} characters`)
  if (!key.isWellFormed() || key.includes('\u0000')) throw wrong('characters that Postgres cannot store')
  return key
}

/** The contract: what a bee author needs (z, defineBee, defineTask, sensitive, TerminalError) and what runs bees. */
export { z } from 'zod'
export { digestOf, type Json } from '../canonical.ts'
/** For bees that call something outside: docs/adding-a-bee.md, "Calling the outside". */
export { BeeError } from '../errors.ts'
export { Breaker, type Clock, deadlineIn, Limiter, retry, systemClock } from '../resilience/index.ts'
export { defineBee, isBee, sqlNameOf } from './define-bee.ts'
export { defineTask, defineTaskWith } from './define-task.ts'
export {
  type BeeDescription,
  describeBee,
  describeFunction,
  type FunctionArgument,
  type FunctionDescription,
  type TaskDescription,
} from './describe.ts'
export { type FreshSteps, freshSteps } from './fresh-steps.ts'
export { type JsonProblem, jsonProblem } from './json-problem.ts'
export { type LoadBeesOptions, loadBees } from './load-bees.ts'
export { parseInput, parseOutput } from './parse.ts'
export { scaffoldBee } from './scaffold.ts'
export { schemaHash, type TaskSchemas, taskSchemas } from './schema.ts'
export { type ScrubberOptions, scrubber } from './scrubber.ts'
export { HIDDEN, redact, sensitive, sensitivePaths, sensitiveValues } from './sensitive.ts'
export { taskCount } from './task-count.ts'
export { TerminalError } from './terminal-error.ts'
export type {
  Bee,
  BeeOptions,
  Environment,
  ProcessFacts,
  Read,
  RetryOptions,
  Task,
  TaskContext,
  TaskDefinition,
  TaskLog,
  TaskOptions,
  TaskSchedule,
  TaskScheduleOptions,
  Transact,
  Transaction,
  TransactOptions,
} from './types.ts'

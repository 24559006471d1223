import type { z } from 'zod'
import { BeeError, type ErrorCode } from '../errors.ts'
import { issueText, pathText } from './issue-text.ts'
import { jsonProblem } from './json-problem.ts'
import type { Task } from './types.ts'

/** Most problems that one message lists. */
const MOST_ISSUES = 10

type Parsable = Pick<Task, 'name' | 'input' | 'output'>

/**
 * The input of a process, checked and typed.
 *
 * @throws BeeError BEE_INPUT_INVALID: its message lists where what was expected, never what was received.
 */
export function parseInput(task: Parsable, value: unknown): unknown {
  return parse(task.input, value, 'BEE_INPUT_INVALID', `input of ${task.name}`)
}

/**
 * What a handler returned, checked and typed; it must be plain JSON after its schema has transformed it.
 *
 * @throws BeeError BEE_OUTPUT_INVALID
 */
export function parseOutput(task: Parsable, value: unknown): unknown {
  const what = `output of ${task.name}`
  const output = parse(task.output, value, 'BEE_OUTPUT_INVALID', what)
  const problem = jsonProblem(output)
  if (problem === undefined) return output
  throw new BeeError('BEE_OUTPUT_INVALID', `${what}: ${pathText(task.output, problem.path)}: ${problem.problem}`)
}

function parse(schema: z.ZodType, value: unknown, code: ErrorCode, what: string): unknown {
  const problem = code === 'BEE_INPUT_INVALID' ? jsonProblem(value) : undefined
  if (problem !== undefined) throw new BeeError(code, `${what}: ${pathText(schema, problem.path)}: ${problem.problem}`)
  const parsed = safeParse(schema, value)
  // Its own message stays out: a refinement may have put the value into it.
  if (parsed instanceof Error) throw new BeeError(code, `${what}: the schema itself threw ${parsed.name}`)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const listed = issues.slice(0, MOST_ISSUES).map((issue) => issueText(schema, issue, value))
  const more = issues.length > MOST_ISSUES ? [`and ${issues.length - MOST_ISSUES} more`] : []
  throw new BeeError(code, `${what}: ${[...listed, ...more].join('; ')}`)
}

function safeParse(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> | Error {
  try {
    return schema.safeParse(value)
  } catch (error) {
    return error instanceof Error ? error : new Error('a value that is no error')
  }
}

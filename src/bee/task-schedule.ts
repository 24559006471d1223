import type { z } from 'zod'
import { BeeError } from '../errors.ts'
import { checkOptions, integer, type Rules } from './check-options.ts'
import { issueText, pathText } from './issue-text.ts'
import { jsonProblem } from './json-problem.ts'
import type { TaskSchedule } from './types.ts'

/** Shorter ones are a loop, and belong into the task; longer ones outlive what anybody remembers. */
const SHORTEST_S = 10
const LONGEST_S = 31 * 24 * 60 * 60

const rules: Rules = {
  everyS: integer(SHORTEST_S, LONGEST_S),
  input: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
}

/**
 * A checked copy of a task's schedule. The input is checked here, not at its first run somewhen in the night.
 *
 * @throws BeeError BEE_BEE_INVALID
 */
export function scheduleOf(
  options: { readonly everyS: number; readonly input: unknown } | undefined,
  schema: z.ZodObject,
): TaskSchedule | undefined {
  if (options === undefined) return undefined
  checkOptions('defineTask: schedule', options, rules)
  const { everyS, input } = options
  const problem = jsonProblem(input)
  if (problem !== undefined) throw refused(`${pathText(schema, problem.path)}: ${problem.problem}`)
  const parsed = schema.safeParse(input)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refused(issue === undefined ? 'the schema refuses it' : issueText(schema, issue, input))
  }
  // A copy, so that nobody changes it later; and without members that are undefined, which JSON does not have.
  return Object.freeze({ everyS, input: JSON.parse(JSON.stringify(input)) })
}

const refused = (problem: string) => new BeeError('BEE_BEE_INVALID', `defineTask: schedule.input: ${problem}`)

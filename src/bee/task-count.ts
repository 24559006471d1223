import { BeeError } from '../errors.ts'
import { type Rule, shownValue } from './check-options.ts'
import type { Task, TaskContext } from './types.ts'

/** They become metric labels: few, short, and the same whatever the input. */
const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const PART = /^[a-z0-9][a-z0-9_.-]{0,63}$/
const LONGEST_NAME = 60
const MOST_NAMES = 50

const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= LONGEST_NAME && NAME.test(value)

export const countNames: Rule = {
  expected: `an array of up to ${MOST_NAMES} different names like lines_written (lower-case letters, digits, single underscores)`,
  accepts: (value) =>
    Array.isArray(value) &&
    value.length <= MOST_NAMES &&
    new Set(value).size === value.length &&
    value.every((name) => isName(name)),
  optional: true,
}

/**
 * The `count` of one run: lets declared names through to `tell`.
 *
 * @throws BeeError (from the returned function) BEE_HANDLER_REFUSED for a name that the task does not declare and for a
 * number that a counter cannot take. A name that comes from data would make a metric without bounds, or print the data.
 */
export function taskCount(
  task: Pick<Task, 'name' | 'counts'>,
  tell: (name: string, by: number, part?: string) => void,
): TaskContext<unknown, unknown>['count'] {
  return (name, by = 1, part) => {
    if (!task.counts.includes(name)) {
      const known = task.counts.length === 0 ? 'none' : task.counts.join(', ')
      throw new BeeError(
        'BEE_HANDLER_REFUSED',
        `count: ${task.name} does not declare that name; declared are: ${known}`,
      )
    }
    if (!Number.isFinite(by) || by < 0) {
      throw new BeeError('BEE_HANDLER_REFUSED', `count: expected a number from 0, received ${shownValue(by)}`)
    }
    if (part !== undefined && !PART.test(part)) {
      throw new BeeError('BEE_HANDLER_REFUSED', 'count: expected a part of 1 to 64 characters of a-z, 0-9, _, . and -')
    }
    tell(name, by, part)
  }
}

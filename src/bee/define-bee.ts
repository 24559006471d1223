import { aFunction, checkOptions, integer, invalid, optional, type Rules, text } from './check-options.ts'
import type { Bee, BeeOptions, Task } from './types.ts'

/** Survives two copies of this module, which a symbol of our own or instanceof would not. */
const BRAND = Symbol.for('colony-bees.bee')

export const BEE_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const TASK_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
/** Postgres cuts longer identifiers, and `bee_tasks.<bee>__<task>` must stay itself. */
const LONGEST_SQL_NAME = 63

const rules: Rules = {
  name: {
    expected: 'a name like security or night-shift (lower-case letters, digits, single hyphens)',
    accepts: (value) => typeof value === 'string' && BEE_NAME.test(value),
  },
  description: text(500),
  tasks: {
    expected: 'at least one task by its name',
    accepts: (value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0,
  },
  slots: optional(integer(1, 1000)),
  services: optional(aFunction),
}

/**
 * Defines a bee: the default export of `bees/<name>/bee.ts`. Checks everything and freezes it; nothing else has to be
 * edited for the bee to run, apart from the SQL function of each task.
 *
 * @throws BeeError BEE_BEE_INVALID which says what was expected and what was received.
 */
export function defineBee<Services = unknown>(options: BeeOptions<Services>): Bee {
  checkOptions('defineBee', options, rules)
  const { name, description, slots = 4, services } = options
  const tasks = new Map<string, Task>()
  for (const [taskName, definition] of Object.entries(options.tasks)) {
    const what = `bee ${name}, task ${taskName}`
    if (!TASK_NAME.test(taskName)) {
      throw invalid(what, 'a name like apply_event (lower-case letters, digits, single underscores)', taskName)
    }
    const sqlName = `${sqlNameOf(name, taskName)}${definition?.reads === true ? '__read' : ''}`
    if (sqlName.length > LONGEST_SQL_NAME) {
      throw invalid(what, `an SQL name of at most ${LONGEST_SQL_NAME} characters`, `${sqlName} (${sqlName.length})`)
    }
    if (typeof definition !== 'object' || definition === null || !('schemaHash' in definition)) {
      throw invalid(what, 'what defineTask returns', definition)
    }
    // From here on the fleet pairs each task with inputs that its own schema has parsed.
    tasks.set(taskName, Object.freeze({ ...definition, name: taskName }) as Task)
  }
  const bee: Bee = {
    name,
    description,
    executorType: `${name}-bee`,
    slots,
    tasks,
    services: async (env) => services?.(env),
  }
  return Object.freeze(Object.defineProperty(bee, BRAND, { value: true }))
}

/** `<bee>__<task>` with underscores: the task's function in the schema `bee_tasks`. */
export function sqlNameOf(bee: string, task: string): string {
  return `${bee.replaceAll('-', '_')}__${task}`
}

/** True for what `defineBee` returned. */
export function isBee(value: unknown): value is Bee {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND)
}

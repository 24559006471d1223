import type { TaskLog } from '../bee/index.ts'
import type { Log } from '../telemetry/index.ts'

/** The hive's logger as a handler sees it: every text that goes through it loses its sensitive values. */
export function taskLog(log: Log, hide: (text: string) => string): TaskLog {
  const clean = (facts: Readonly<Record<string, unknown>> | undefined) => scrubValue(facts ?? {}, hide)
  return Object.freeze({
    debug: (message, facts) => log.debug(clean(facts), hide(message)),
    info: (message, facts) => log.info(clean(facts), hide(message)),
    warn: (message, facts) => log.warn(clean(facts), hide(message)),
    error: (message, facts) => log.error(clean(facts), hide(message)),
  } satisfies TaskLog)
}

/** Facts as plain JSON with every text scrubbed, so that no object can bring a value along in a getter or a `cause`. */
function scrubValue(facts: Readonly<Record<string, unknown>>, hide: (text: string) => string): Record<string, unknown> {
  try {
    const text = JSON.stringify(facts, (_key, value: unknown) => {
      if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack }
      return typeof value === 'bigint' ? String(value) : value
    })
    return JSON.parse(hide(text)) as Record<string, unknown>
  } catch {
    return { facts: 'not JSON' }
  }
}

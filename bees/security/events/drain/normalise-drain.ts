import { defined, objectOf, parsedObject, textAt, timeOf } from '../fields.ts'
import { type Normaliser, nothingToTell, refuse } from '../normaliser.ts'
import { authLine } from './auth-line.ts'
import { edgeLine } from './edge-line.ts'
import { finish } from './finish.ts'
import type { DrainLine } from './line.ts'
import { postgresLine } from './postgres-line.ts'
import { functionLine, storageLine } from './service-lines.ts'

/** Whether an item has the form in which Supabase's log drains send lines. */
export function isDrainItem(item: Readonly<Record<string, unknown>>): boolean {
  return (
    Object.hasOwn(item, 'event_message') ||
    (Object.hasOwn(item, 'metadata') && Object.hasOwn(item, 'timestamp')) ||
    (Object.hasOwn(item, 'log_attributes') && Object.hasOwn(item, 'timestamp'))
  )
}

/**
 * A line of a Supabase log drain. Each service writes others; which one it was is seen from what it says, since not every
 * drain names it. Of a line only chosen members are read; its message is never kept. Most lines say nothing to us.
 */
export const normaliseDrain: Normaliser = (item, context) => {
  const message = textAt(item, ['event_message'], 16_384)
  const spoken = parsedObject(message)
  const time = timeOf(item['timestamp'])
  if (time === undefined) return refuse('unreadable_time', 'timestamp')
  const line: DrainLine = {
    id: textAt(item, ['id'], 100),
    time,
    message,
    facts: { ...objectOf(item['log_attributes']), ...objectOf(item['metadata']), ...spoken },
  }
  const draft = kindOf(line)(line, context)
  return draft === undefined ? nothingToTell : finish(defined(draft), line, item, context)
}

type Reader = typeof edgeLine

function kindOf({ facts }: DrainLine): Reader {
  const has = (name: string) => Object.hasOwn(facts, name)
  if (has('function_id') && has('request')) return functionLine
  if (has('request') && has('response')) return edgeLine
  if (has('parsed')) return postgresLine
  if (has('auth_event') || has('auth_audit_event') || (has('remote_addr') && has('path'))) return authLine
  if (has('req') || has('operation')) return storageLine
  return () => undefined
}

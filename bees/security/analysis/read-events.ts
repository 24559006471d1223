import { type SecurityEvent, securityEvent } from '../events/event.ts'
import { inOrder } from './analyse.ts'

export interface ReadEvents {
  /** Sorted by time and id. */
  readonly events: readonly SecurityEvent[]
  readonly seqs: readonly number[]
  /** What cannot be read, with what was wrong: paths and kinds, never values. */
  readonly setAside: readonly { readonly seq: number; readonly reason: string }[]
}

const mostIssues = 5

/** Parses what lies in the inbox of one tenant. */
export function readEvents(
  tenant: string,
  rows: readonly { readonly seq: number; readonly event: unknown }[],
): ReadEvents {
  const events: SecurityEvent[] = []
  const setAside: { seq: number; reason: string }[] = []
  for (const { seq, event } of rows) {
    const read = securityEvent.safeParse(event)
    if (!read.success) {
      const issues = read.error.issues
        .slice(0, mostIssues)
        .map(({ path, code }) => `${path.join('.').slice(0, 80) || 'event'}: ${code}`)
      setAside.push({ seq, reason: issues.join('; ') })
    } else if (read.data.tenant !== tenant) {
      setAside.push({ seq, reason: 'tenant: of another tenant' })
    } else {
      events.push(read.data)
    }
  }
  return { events: events.sort(inOrder), seqs: rows.map(({ seq }) => seq), setAside }
}

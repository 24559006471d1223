import { canonicalJson } from '../canonical-json.ts'
import { derive, type EventDraft } from '../derive.ts'
import { securityEvent } from '../event.ts'
import { type Normalised, type NormaliserContext, nothingToTell } from '../normaliser.ts'
import { scrubText } from '../scrub-text.ts'
import type { DrainLine } from './line.ts'

/**
 * Makes an event of what a line said. Somebody else's log may change its form any day: a member that we cannot take is left
 * out, and the event stays.
 */
export function finish(
  draft: Partial<EventDraft>,
  line: DrainLine,
  item: Readonly<Record<string, unknown>>,
  context: NormaliserContext,
): Normalised {
  const id = draft.id ?? `log:${line.id ?? context.pseudonyms.of('text', canonicalJson(item))}`
  const texts = Object.entries(draft).map(([name, value]) => [
    name,
    typeof value === 'string' && name !== 'path' ? scrubText(value, context.pseudonyms) : value,
  ])
  let candidate: Record<string, unknown> = { ...Object.fromEntries(texts), id, time: draft.time ?? line.time }
  for (let tries = 0; tries < 3; tries += 1) {
    const parsed = securityEvent.safeParse(derive(candidate as unknown as EventDraft, context.tenant))
    if (parsed.success) return { event: parsed.data }
    const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])))
    candidate = Object.fromEntries(Object.entries(candidate).filter(([name]) => !wrong.has(name)))
  }
  return nothingToTell
}

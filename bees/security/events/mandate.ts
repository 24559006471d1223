import { z } from '../../../src/bee/index.ts'
import type { SecurityEvent } from './event.ts'
import { type Normalised, type NormaliserContext, refuse } from './normaliser.ts'

const source = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/)

/** What whoever sent a batch may say. A batch without one is the hive's own or signed by a trusted key: it may say anything. */
export const mandate = z.strictObject({
  /** Lines of a log drain. */
  drain: z.boolean(),
  /** Sources of its own items, the first unless said. Absent: any that is nobody else's. */
  sources: z.array(source).max(8).optional(),
  /** Sources that are another sender's. */
  others: z.array(source).max(1000).optional(),
})
export type Mandate = z.output<typeof mandate>

/** What only hooks, the puller, a drain's lines and the hive itself are called. */
const ownSource = /^\s*(supabase_|auth_hook\s*$|hive\s*$)/i
/** Begins ids that are made here, of whatever came another way. */
const ownId = /^(~|(audit|auth|hook|hive|log|session|sum):)/
const longestId = 128

/** The item with the source that it has when it names none; a refusal when the sender may send no items of its own. */
export function ownItemOf(item: Readonly<Record<string, unknown>>, may: Mandate | undefined) {
  if (may?.sources === undefined || Object.hasOwn(item, 'source')) return item
  const [first] = may.sources
  return first === undefined ? undefined : { ...item, source: first }
}

/**
 * An event of an item of one's own, as far as its sender may say it: the source must be one of its own, and the id is one of
 * that source, so that nobody uses up an id of somebody else. Where nothing is named, ids stay as they are, but for those
 * that look like ids which are made here.
 */
export function mandated(
  made: Normalised,
  madeId: boolean,
  may: Mandate | undefined,
  context: NormaliserContext,
): Normalised {
  const { event } = made
  if (may === undefined || event === undefined) return made
  if (!maySay(event.source, may)) return refuse('other_source', 'source')
  const place = may.sources === undefined ? '~~' : `~${event.source}~`
  const stays = may.sources === undefined && (madeId || !ownId.test(event.id))
  return stays ? made : { event: { ...event, id: placed(place, event, context) } }
}

const maySay = (name: string, { sources, others = [] }: Mandate) =>
  sources === undefined ? !ownSource.test(name) && !others.includes(name) : sources.includes(name)

function placed(place: string, { id }: SecurityEvent, { pseudonyms }: NormaliserContext): string {
  const whole = `${place}${id}`
  return whole.length <= longestId ? whole : `${place}~${pseudonyms.of('text', id)}`
}

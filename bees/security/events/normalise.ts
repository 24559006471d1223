import { isDrainItem, normaliseDrain } from './drain/normalise-drain.ts'
import type { SecurityEvent } from './event.ts'
import { type Mandate, mandated, ownItemOf } from './mandate.ts'
import { normaliseOwn } from './normalise-own.ts'
import { type Normalised, type NormaliserContext, type Refusal, refuse } from './normaliser.ts'

export interface PlacedRefusal extends Refusal {
  /** Its place in the batch, from 0. */
  readonly index: number
}

export interface NormalisedBatch {
  readonly events: readonly SecurityEvent[]
  /** For each event the place of its item. */
  readonly places: readonly number[]
  readonly refusals: readonly PlacedRefusal[]
  /** Log lines that say nothing to us. */
  readonly ignored: number
}

/** An item that is larger is no event. Characters of JSON. */
const mostChars = 65_536
/** Characters that Postgres keeps in no JSON: NUL and halves of surrogate pairs, as JSON.stringify writes them. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

/**
 * Every item for itself: one that cannot be read, or that its sender may not say, is refused with its place and a reason,
 * the others are taken.
 */
export function normalise(items: readonly unknown[], context: NormaliserContext, may?: Mandate): NormalisedBatch {
  const events: SecurityEvent[] = []
  const places: number[] = []
  const refusals: PlacedRefusal[] = []
  let ignored = 0
  for (const [index, item] of items.entries()) {
    const { event, refusal } = normaliseOne(item, context, may)
    if (event !== undefined) {
      events.push(event)
      places.push(index)
    } else if (refusal !== undefined) refusals.push({ index, ...refusal })
    else ignored += 1
  }
  return { events, places, refusals, ignored }
}

function normaliseOne(item: unknown, context: NormaliserContext, may: Mandate | undefined): Normalised {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return refuse('not_an_object')
  const text = jsonOf(item)
  if (text === undefined || text.length > mostChars) return refuse('too_large')
  const object = item as Readonly<Record<string, unknown>>
  if (isDrainItem(object)) return may?.drain === false ? refuse('other_source') : normaliseDrain(object, context)
  if (Object.hasOwn(object, 'action') || Object.hasOwn(object, 'time')) {
    if (unstorable.test(text)) return refuse('bad_field')
    const own = ownItemOf(object, may)
    if (own === undefined) return refuse('other_source')
    return mandated(normaliseOwn(own, context), !Object.hasOwn(object, 'id'), may, context)
  }
  return refuse('unknown_format')
}

function jsonOf(item: object): string | undefined {
  try {
    return JSON.stringify(item)
  } catch {
    // Nested deeper than the stack reaches.
    return undefined
  }
}

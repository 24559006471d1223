import type { ListedObject, ListPage, StripeLists } from '../stripe/create-lists.ts'
import type { ReadOptions } from '../stripe/reader.ts'
import type { Phase, Window } from './phases.ts'
import type { Position, Tenant } from './protocol.ts'

/** Some pages of a list, as many as one transaction compares at once. */
export interface Batch {
  readonly objects: readonly ListedObject[]
  readonly window: Window
  /** When the first page was answered, by Stripe's clock; nothing here is older than that. */
  readonly dateS: number
  /** Null: the list has ended. */
  readonly next: { readonly after: string; readonly after_s: number } | null
}

export interface BatchOptions extends ReadOptions {
  readonly days: number
  readonly settleS: number
}

const mostPages = 5
const dayS = 24 * 60 * 60
/** Lists are not up to date to the second, so the end of an earlier pass is looked at twice. */
const overlapS = 60 * 60

/** @throws as StripeLists.page */
export async function fetchBatch(
  lists: StripeLists,
  { account, livemode, events_through_s }: Tenant,
  phase: Phase,
  { after, after_s, window: known }: Position,
  options: BatchOptions,
): Promise<Batch> {
  const objects: ListedObject[] = []
  let filters = phase.filters(known)
  let [cursor, cursorS, dateS] = [after, after_s, Number.POSITIVE_INFINITY]
  let page: ListPage | null
  let pages = 0
  do {
    page = await lists.page({ account, livemode, what: phase.what, filters, after: cursor }, options)
    pages += 1
    if (page === null) {
      // The object that was last is in the list no more; what was made in its second comes again.
      filters = { ...filters, 'created[lte]': String(cursorS ?? 0) }
      cursor = null
      continue
    }
    dateS = Math.min(dateS, page.dateS)
    objects.push(...page.objects)
    cursor = page.objects.at(-1)?.id ?? cursor
    cursorS = page.objects.at(-1)?.created ?? cursorS
  } while (page === null || (page.hasMore && pages < mostPages))
  const last = objects.at(-1)
  const next = page.hasMore && last !== undefined ? { after: last.id, after_s: last.created } : null
  return { objects, window: known ?? windowFrom(dateS, events_through_s, options), dateS, next }
}

function windowFrom(nowS: number, events_through_s: number | null, { days, settleS }: BatchOptions): Window {
  const to_s = Math.max(0, nowS - settleS)
  const from_s = Math.max(0, to_s - days * dayS)
  return { from_s, to_s, events_from_s: Math.max(from_s, (events_through_s ?? 0) - overlapS) }
}

import { z } from '../../../src/bee/index.ts'
import type { NormalisedBatch, PlacedRefusal } from './normalise.ts'
import { refusalReasons } from './normaliser.ts'

const positions = z.array(z.int().min(0))

/** What security.record_events answers. */
export const recordReply = z.object({
  accepted: z.int().min(0),
  duplicates: z.int().min(0),
  too_old: positions,
  too_far_ahead: positions,
})
export type RecordReply = z.output<typeof recordReply>

/** What became of a batch. Nothing of its content. */
export const recorded = z.object({
  accepted: z.int().min(0),
  duplicates: z.int().min(0),
  /** Log lines that say nothing to us. */
  ignored: z.int().min(0),
  refused: z.int().min(0),
  /** The first of the refused ones. */
  refusals: z
    .array(z.object({ index: z.int().min(0), reason: z.enum(refusalReasons), field: z.string().optional() }))
    .max(100),
})
export type Recorded = z.output<typeof recorded>

export const noReply: RecordReply = { accepted: 0, duplicates: 0, too_old: [], too_far_ahead: [] }

/** Puts together what was refused on the way in and what the database would not take. */
export function recordedOf(batch: NormalisedBatch, reply: RecordReply): Recorded {
  const placed = (places: readonly number[], reason: 'too_old' | 'too_far_ahead'): PlacedRefusal[] =>
    places.map((place) => ({ index: batch.places[place] ?? place, reason, field: 'time' }))
  const refusals = [
    ...batch.refusals,
    ...placed(reply.too_old, 'too_old'),
    ...placed(reply.too_far_ahead, 'too_far_ahead'),
  ].sort((a, b) => a.index - b.index)
  return {
    accepted: reply.accepted,
    duplicates: reply.duplicates,
    ignored: batch.ignored,
    refused: refusals.length,
    refusals: refusals.slice(0, 100).map(({ index, reason, field }) => ({
      index,
      reason,
      ...(field === undefined ? {} : { field }),
    })),
  }
}

/** Names that the tasks that take events in count by. */
export const ingestCounts = [
  'accepted',
  'duplicates',
  'ignored',
  ...refusalReasons.map((reason) => `refused_${reason}`),
] as const

/** Counts a batch: each reason by itself, whatever the list of refusals leaves out. */
export function countRecorded(batch: NormalisedBatch, reply: RecordReply, count: (name: string, by?: number) => void) {
  const add = (name: string, by: number) => {
    if (by > 0) count(name, by)
  }
  add('accepted', reply.accepted)
  add('duplicates', reply.duplicates)
  add('ignored', batch.ignored)
  add('refused_too_old', reply.too_old.length)
  add('refused_too_far_ahead', reply.too_far_ahead.length)
  for (const reason of refusalReasons) {
    add(`refused_${reason}`, batch.refusals.filter((refusal) => refusal.reason === reason).length)
  }
}

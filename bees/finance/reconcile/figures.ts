import { z } from '../../../src/bee/index.ts'

/** What reconciling found. */
export const figures = z.object({
  /** Events that had never come. */
  events_taken: z.int(),
  /** Objects that were compared with their rows. */
  compared: z.int(),
  /** Rows that were wrong, and are right now. */
  drift: z.int(),
  /** Events and objects that could not be understood. */
  unreadable: z.int(),
  /** Drift by kind of object. */
  by_kind: z.record(z.string(), z.int()),
})

export type Figures = z.output<typeof figures>

export const noFigures: Figures = Object.freeze({ events_taken: 0, compared: 0, drift: 0, unreadable: 0, by_kind: {} })

export function sum(a: Figures, b: Figures): Figures {
  const by_kind = { ...a.by_kind }
  for (const [kind, n] of Object.entries(b.by_kind)) by_kind[kind] = (by_kind[kind] ?? 0) + n
  return {
    events_taken: a.events_taken + b.events_taken,
    compared: a.compared + b.compared,
    drift: a.drift + b.drift,
    unreadable: a.unreadable + b.unreadable,
    by_kind,
  }
}

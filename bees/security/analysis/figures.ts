import { z } from '../../../src/bee/index.ts'

/** What an analysis did, in numbers. */
export const figures = z.object({
  /** Events that were judged. */
  events: z.int(),
  /** New findings. */
  findings: z.int(),
  /** Incidents that were opened or got graver. */
  incidents: z.int(),
  /** Events that came too late for windows, or claim to be of the future. */
  late: z.int(),
  /** Events of those whom one of our own blocks has stopped: they count for nothing. */
  blocked: z.int(),
  /** Events that could not be read and were put aside. */
  set_aside: z.int(),
  /** Pages that somebody else was faster with. */
  stale: z.int(),
})

export type Figures = z.output<typeof figures>

export const noFigures: Figures = { events: 0, findings: 0, incidents: 0, late: 0, blocked: 0, set_aside: 0, stale: 0 }

export const sum = (a: Figures, b: Figures): Figures => ({
  events: a.events + b.events,
  findings: a.findings + b.findings,
  incidents: a.incidents + b.incidents,
  late: a.late + b.late,
  blocked: a.blocked + b.blocked,
  set_aside: a.set_aside + b.set_aside,
  stale: a.stale + b.stale,
})

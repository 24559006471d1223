import type { SecurityEvent } from '../../bees/security/events/event.ts'
import type { Agenda } from './benign/agenda.ts'
import type { Random } from './random.ts'
import { scenarios } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scene.ts'
import type { Pace } from './truth.ts'

/** What a world is made of besides the people and their everyday traffic. */
export interface Cast {
  readonly scenarios: Readonly<Record<number, Scenario>>
  /** When in the weeks with attacks one begins: 0 to 1. Every attack has to end before the world does. */
  readonly shareOf: (detection: number, pace: Pace, random: Random) => number
  /** What else goes on, day by day. */
  readonly processesOf: (
    random: Random,
    days: number,
  ) => (dayIndex: number) => readonly { readonly name: string; readonly play: (agenda: Agenda) => void }[]
  /** How a source words what happened. */
  readonly deliver: (event: SecurityEvent) => SecurityEvent
}

export const standardCast: Cast = {
  scenarios,
  // The two of a kind are days apart: on one key or one webhook the second of one day would be, rightly, the same incident.
  shareOf: (_detection, pace, random) => (pace === 'fast' ? random.between(0, 0.45) : random.between(0.55, 1)),
  processesOf: () => () => [],
  deliver: (event) => event,
}

import type { SecurityEvent } from '../../../bees/security/events/event.ts'
import type { Draft, MakeEvent } from '../event-maker.ts'
import type { Town } from '../people.ts'
import type { Random } from '../random.ts'

/** What a benign process gets for one simulated day. */
export interface Agenda {
  readonly town: Town
  readonly random: Random
  /** Days since the epoch, and when the day begins (UTC). */
  readonly dayIndex: number
  readonly dayMs: number
  /** Makes an event and puts it into the stream. */
  readonly say: (timeMs: number, draft: Draft) => void
}

export function agendaOf(base: Omit<Agenda, 'say'>, make: MakeEvent, put: (event: SecurityEvent) => void): Agenda {
  return { ...base, say: (timeMs, draft) => put(make(timeMs, draft)) }
}

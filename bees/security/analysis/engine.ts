import type { SecurityEvent } from '../events/event.ts'
import type { Finding } from '../findings.ts'
import type { StateAccess } from './state-access.ts'

/** What the analysis needs of compiled rules. Those of bees/security/rules are one. */
export interface Engine<Settings = never> {
  /** State rows that `run` may ask for with this event; from the event's own values alone. */
  keysOf(event: SecurityEvent): readonly string[]
  /** Judges one event. Changes state only through `states`. */
  run(event: SecurityEvent, states: StateAccess, settings: Settings, nowMs: number): readonly Finding[]
}

import type { SecurityEvent } from '../../bees/security/events/event.ts'
import { hour } from './clock.ts'

export type Pace = 'fast' | 'slow'

/** What really happened: one attack, its events and whom they concern. The scorer compares alerts with it. */
export interface Attack {
  /** `2-fast` */
  readonly name: string
  readonly detection: number
  readonly pace: Pace
  /** Guessing of passwords and codes: counted apart. */
  readonly credential: boolean
  /** `kind:id` of everything that is the attacker's or under attack. */
  readonly entities: Set<string>
  /** People on its lists: their other alerts are none of its business. */
  readonly crowd: Set<string>
  /** Ids of its events. */
  readonly events: Set<string>
  /** Times of its events, ascending. */
  readonly times: number[]
  beginMs: number
  endMs: number
}

/** Detections that are about guessing: for these the number of tries before the detection counts. */
export const credentialDetections: readonly number[] = [1, 2, 3, 4, 5, 9]

/** How long after its last event an alert may still be about an attack: slow windows close late. */
export const graceMs = 2 * hour

export function createAttack(detection: number, pace: Pace): Attack {
  return {
    name: `${detection}-${pace}`,
    detection,
    pace,
    credential: credentialDetections.includes(detection),
    entities: new Set(),
    crowd: new Set(),
    events: new Set(),
    times: [],
    beginMs: Number.POSITIVE_INFINITY,
    endMs: 0,
  }
}

/** Things that many people have in common tell nothing about one attack, so they are no entities of it. */
const shared = new Set(['pk_web'])

/** Notes that an event in the stream belongs to the attack. Events come in the order of their time. */
export function noteEvent(attack: Attack, event: SecurityEvent): void {
  attack.events.add(event.id)
  attack.times.push(event.time)
  attack.beginMs = Math.min(attack.beginMs, event.time)
  attack.endMs = Math.max(attack.endMs, event.time)
  const add = (kind: string, id: string | undefined): void => {
    if (id !== undefined && !shared.has(id) && !attack.crowd.has(id)) attack.entities.add(`${kind}:${id}`)
  }
  add('ip', event.src_ip)
  add('net', event.src_net)
  add('user', event.user_uid)
  add('user', event.actor_uid)
  add('account', event.account)
  add('account', event.identifier)
  add('session', event.session_uid)
  add('device', event.device)
  add('api_key', event.api_key_id)
}

/** The number of its events up to and with this moment; at least 1 where the attack is found at all. */
export function eventsUntil(attack: Attack, timeMs: number): number {
  let [low, high] = [0, attack.times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((attack.times[middle] ?? 0) <= timeMs) low = middle + 1
    else high = middle
  }
  return Math.max(1, low)
}

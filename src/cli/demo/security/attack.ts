import { randomUUID } from 'node:crypto'
import type { Person } from './people.ts'

/** An event in the format of POST /events. */
export type OwnEvent = Readonly<Record<string, string | number>>

export interface Attack {
  /** Where it comes from. */
  readonly ip: string
  readonly events: readonly OwnEvent[]
  /** Whose password the attacker had. */
  readonly victim: Person
}

const failures = 40
const everyMs = 2_000

/**
 * Credential stuffing from one address: a list of leaked passwords is played through, one or two tries an account, and one
 * of them fits. The last event is that sign-in, a moment ago.
 *
 * @param people at least 20
 */
export function stuffing(people: readonly Person[], seed: number, nowMs: number): Attack {
  const run = randomUUID()
  const victim = people[seed % people.length]
  if (victim === undefined) throw new RangeError('expected people')
  // Addresses that are nobody's (RFC 5737), another one for each seed.
  const ip = `203.0.113.${(seed % 250) + 1}`
  const common = { ip, asn: 64_500, country: 'NL', user_agent: 'python-requests/2.32', auth_method: 'password' }
  const others = people.filter((person) => person !== victim)
  const tried = Array.from({ length: failures }, (_, n) => others[n % others.length] ?? victim)
  const beganMs = nowMs - (failures + 1) * everyMs
  const failed = tried.map((person, n) => ({
    ...common,
    ...{ id: `${run}-${n}`, time: beganMs + n * everyMs, action: 'login', status: 'failure' },
    ...{ error_code: 'invalid_credentials', user_id: person.user },
  }))
  const worked = {
    ...common,
    ...{ id: `${run}-in`, time: nowMs - everyMs, action: 'login', status: 'success' },
    ...{ user_id: victim.user, session_id: victim.session },
  }
  return { ip, victim, events: [...failed, worked] }
}

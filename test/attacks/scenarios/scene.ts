import type { SecurityEvent } from '../../../bees/security/events/event.ts'
import type { Draft } from '../event-maker.ts'
import { type Device, deviceOf, type Person, type Town } from '../people.ts'
import { addressIn, type Network, type NetworkType, type Vantage } from '../places.ts'
import type { Random } from '../random.ts'
import type { Pace } from '../truth.ts'

/** Changes what a source says while it lasts: `undefined` swallows the event, another event counts as the attack's. */
export interface Distortion {
  readonly fromMs: number
  readonly toMs: number
  readonly change: (event: SecurityEvent) => SecurityEvent | undefined
}

/** What a scenario plays on. */
export interface Scene {
  readonly random: Random
  readonly town: Town
  readonly pace: Pace
  readonly startMs: number
  /** An event of the attack. Any order. */
  readonly say: (timeMs: number, draft: Draft) => void
  /** Ordinary traffic that the scenario needs, e.g. the victim's own sign-in. */
  readonly sayBenign: (timeMs: number, draft: Draft) => void
  /** People whom no other attack touches. */
  readonly victims: (count: number, of?: (person: Person) => boolean) => readonly Person[]
  /** Anybody, many, perhaps also in other attacks: names on a list. Being on it does not make one's other alerts true. */
  readonly crowd: (count: number) => readonly Person[]
  /** Adds what the events do not name: an endpoint, a source, a stream. */
  readonly concerns: (kind: string, id: string) => void
  readonly distort: (distortion: Distortion) => void
}

export type Scenario = (scene: Scene) => void

/** One victim that is in the habit of coming. */
export function victimOf(scene: Scene, of: (person: Person) => boolean = isActive): Person {
  const [person] = scene.victims(1, of)
  if (person === undefined) throw new RangeError('The town has no victim left: more users, or fewer attacks.')
  return person
}

export const isActive = (person: Person): boolean =>
  person.habit !== 'dormant' && !person.isAdmin && person.visitsPerDay > 0.3 && person.journey === undefined

/** A network of an attacker: rented machines, other people's homes, tunnels. */
export function networkOf(scene: Scene, ...types: readonly NetworkType[]): Network {
  const { random, town } = scene
  const wanted = types.length > 0 ? types : (['hosting', 'hosting', 'residential', 'residential', 'vpn'] as const)
  const type = random.pick(wanted)
  return random.pick(town.away.filter((network) => network.type === type))
}

export const addressOf = (scene: Scene, ...types: readonly NetworkType[]): Vantage =>
  addressIn(networkOf(scene, ...types), scene.random)

const scripts = ['python-requests', 'Go-http-client', 'curl', 'okhttp'] as const
const browsers = ['Chrome', 'Firefox', 'Edge'] as const

/** Attackers' tools say what they are, or say that they are a browser. */
export function toolOf(scene: Scene, honest = scene.random.chance(0.4)): Device {
  const { random } = scene
  return honest ? deviceOf(random, random.pick(scripts), 'script') : deviceOf(random, random.pick(browsers), 'browser')
}

/** Somebody signs in with a stolen password. @returns the session */
export function takeOver(scene: Scene, person: Person, from: Vantage, device: Device, timeMs: number): Draft {
  const session = `s${scene.random.hex(23)}`
  const self = {
    user_uid: person.uid,
    session_uid: session,
    ...from,
    ...device,
    ...(person.isAdmin ? { is_admin: true } : {}),
  }
  scene.say(timeMs, { action: 'login', ...self, auth_method: 'password', aal: 'aal1' })
  scene.say(timeMs + 2_000, { action: 'session_seen', ...self, aal: 'aal1' })
  return { action: 'http_request', ...self }
}

/** Reads a few pages as the person of this session. */
export function lookAround(scene: Scene, self: Draft, fromMs: number, count: number, gapMs: number): number {
  let timeMs = fromMs
  const edge = {
    source: 'supabase_edge',
    http_method: 'GET',
    status_code: 200,
    api_key_id: 'pk_web',
    api_key_type: 'publishable',
  } as const
  for (let i = 0; i < count; i += 1) {
    timeMs += scene.random.wait(gapMs)
    const rows = scene.random.integer(1, 60)
    scene.say(timeMs, {
      ...self,
      ...edge,
      action: 'http_request',
      path: '/rest/v1/projects',
      resource: 'projects',
      rows,
      bytes: rows * 300,
    })
  }
  return timeMs
}

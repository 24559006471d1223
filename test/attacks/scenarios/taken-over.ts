import { hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf, type Person } from '../people.ts'
import { addressIn, type Network } from '../places.ts'
import { addressOf, isActive, lookAround, type Scene, takeOver, toolOf, victimOf } from './scene.ts'

const kilometres = (a: Network, b: Network): number => {
  const rad = Math.PI / 180
  const [dLat, dLong] = [(b.city.lat - a.city.lat) * rad, (b.city.long - a.city.long) * rad]
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.city.lat * rad) * Math.cos(b.city.lat * rad) * Math.sin(dLong / 2) ** 2
  return 12_742 * Math.asin(Math.sqrt(h))
}

/** 6: the owner is at home, and soon after somebody signs in from the other end of the world. */
export function travel(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const plain = (each: Person): boolean => isActive(each) && ['plain', 'office', 'commuter'].includes(each.habit)
  const person = victimOf(scene, plain)
  const own = { user_uid: person.uid, ...person.homeAddress, ...person.desktop } as const
  const session = person.sessions.get(person.desktop.device) ?? `s${random.hex(23)}`
  scene.sayBenign(startMs, { action: 'login', ...own, session_uid: session, auth_method: 'password', aal: 'aal1' })
  scene.sayBenign(startMs + 2 * second, { action: 'session_seen', ...own, session_uid: session, aal: 'aal1' })
  const far = town.away.filter(
    (each) => ['residential', 'business'].includes(each.type) && kilometres(each, person.home) > 6_000,
  )
  const laterMs = pace === 'fast' ? random.between(10, 50) * minute : random.between(2.5, 4.5) * hour
  const from = addressIn(random.pick(far), random)
  const self = takeOver(scene, person, from, toolOf(scene, false), startMs + laterMs)
  lookAround(
    scene,
    self,
    startMs + laterMs + minute,
    random.integer(10, 40),
    pace === 'fast' ? 20 * second : 3 * minute,
  )
}

const sensitive: readonly ((self: Draft, scene: Scene) => Draft)[] = [
  (self) => ({ ...self, action: 'password_change' }),
  (self) => ({ ...self, action: 'email_change' }),
  (self) => ({ ...self, action: 'api_key_create' }),
  (self, { random }) => ({
    ...self,
    action: 'data_export',
    source: 'app',
    resource: 'own_data',
    rows: random.integer(200, 3_000),
  }),
]

/** 7: a stolen password, an unknown device, and soon something that keeps the owner out or takes what is there. */
export function newDevice(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const self = takeOver(scene, person, addressOf(scene), toolOf(scene, false), startMs)
  const laterMs = pace === 'fast' ? random.between(3, 20) * minute : random.between(45, 150) * minute
  lookAround(scene, self, startMs + 20 * second, random.integer(3, 8), laterMs / 12)
  for (const [index, act] of random.sample(sensitive, random.integer(1, 3)).entries()) {
    scene.say(startMs + laterMs + index * minute, act(self, scene))
  }
}

/** 8: the session's tokens are copied; the thief renews them elsewhere, the owner's next renewal is a reuse. */
export function stolenSession(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, (each) => isActive(each) && each.habit !== 'vpn' && each.habit !== 'relay')
  const session = person.sessions.get(person.desktop.device) ?? `s${random.hex(23)}`
  const own = { user_uid: person.uid, session_uid: session, ...person.homeAddress, ...person.desktop } as const
  const thief = { user_uid: person.uid, session_uid: session, ...addressOf(scene), ...toolOf(scene) } as const
  scene.sayBenign(startMs - 3 * minute, { action: 'token_refresh', ...own })
  scene.sayBenign(startMs - 3 * minute + second, { action: 'session_seen', ...own, aal: 'aal1' })
  scene.say(startMs, { action: 'token_refresh', ...thief })
  scene.say(startMs + second, { action: 'session_seen', ...thief, aal: 'aal1' })
  const laterMs = pace === 'fast' ? random.between(1, 8) * minute : random.between(0.7, 3) * hour
  const endMs = lookAround(
    scene,
    { action: 'http_request', ...thief },
    startMs + 5 * second,
    random.integer(10, 40),
    laterMs / 12,
  )
  const used = {
    action: 'token_refresh',
    status_id: 2,
    status_code: 400,
    error_code: 'refresh_token_already_used',
  } as const
  scene.say(startMs + laterMs, { ...used, ...own })
  scene.say(Math.max(endMs, startMs + laterMs) + minute, { ...used, ...thief })
}

/** 10: whoever is in takes away what would throw them out again: the second factor, the linked identity, the address for recovery. */
export function downgrade(scene: Scene): void {
  const { random, pace, startMs } = scene
  const admin = random.chance(0.5)
  const person = victimOf(scene, admin ? (each) => each.isAdmin : (each) => isActive(each) && each.mfa)
  const from = addressOf(scene)
  const self = takeOver(scene, person, from, toolOf(scene, false), startMs)
  // Factors go only with a second factor: the code was phished together with the password.
  const place = { user_uid: person.uid, ...from } as const
  scene.say(startMs + 9 * second, { action: 'mfa_verification', source: 'auth_hook', ...place })
  scene.say(startMs + 10 * second, { ...self, action: 'session_seen', aal: 'aal2' })
  const laterMs = pace === 'fast' ? random.between(2, 15) * minute : random.between(1, 4) * hour
  lookAround(scene, self, startMs + 20 * second, 4, laterMs / 6)
  scene.say(startMs + laterMs, { ...self, action: 'factor_remove' })
  scene.say(startMs + laterMs + minute, { ...self, action: random.pick(['email_change', 'identity_unlink'] as const) })
}

/** 24: an account that slept for months is taken over with a password from an old leak. */
export function dormant(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, (each) => each.habit === 'dormant' && each.sessions.size === 0)
  const self = takeOver(scene, person, addressOf(scene), toolOf(scene, false), startMs)
  const laterMs = pace === 'fast' ? random.between(5, 40) * minute : random.between(6, 18) * hour
  lookAround(scene, self, startMs + minute, random.integer(5, 15), laterMs / 20)
  scene.say(startMs + laterMs, random.pick(sensitive)(self, scene))
}

/** 27: one paid account is used by a whole circle of friends (or buyers) in different cities. */
export function sharing(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const person = victimOf(scene, (each) => isActive(each) && each.habit === 'plain')
  const pool = [...town.home, ...town.away].filter(({ type }) => type === 'residential' || type === 'mobile')
  const guests = random.sample(pool, random.integer(6, 10)).map((network) => ({
    ...addressIn(network, random),
    ...deviceOf(random, random.pick(['Chrome', 'Safari', 'Firefox']), 'browser'),
    session_uid: `s${random.hex(23)}`,
    user_uid: person.uid,
  }))
  const spanMs = pace === 'fast' ? random.between(30, 55) * minute : random.between(18, 30) * hour
  for (const guest of guests) {
    const inMs = startMs + random.next() * spanMs * 0.4
    scene.say(inMs, { action: 'login', ...guest, auth_method: 'password', aal: 'aal1' })
    // Each watches on for a while, so that several are active at once.
    for (let timeMs = inMs; timeMs < startMs + spanMs; timeMs += random.between(0.08, 0.25) * spanMs) {
      scene.say(timeMs + second, { action: 'session_seen', ...guest, aal: 'aal1' })
      lookAround(scene, { action: 'http_request', ...guest }, timeMs, 2, minute)
    }
  }
}

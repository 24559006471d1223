import { hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf } from '../people.ts'
import { addressIn } from '../places.ts'
import { isActive, type Scene, victimOf } from '../scenarios/scene.ts'
import { enter, farFrom, humanTimes, likeOf, ownerAt, proxiesOf, sessionOf, staysAtHome, stroll } from './means.ts'

/** 6: the owner is at home, and in between somebody is in from another country; no hosting, no VPN, a browser like the owner's. */
export function travel(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const person = victimOf(scene, staysAtHome)
  const device = likeOf(random, person)
  if (pace === 'fast') {
    ownerAt(scene, person, startMs)
    const inMs = startMs + random.between(30, 55) * minute
    const self = enter(scene, person, { from: farFrom(town, random, person.home.city), device }, inMs)
    stroll(scene, self, inMs + minute, random.integer(8, 20), 30 * second)
    ownerAt(scene, person, inMs + random.between(20, 40) * minute)
    return
  }
  // Three days; each time two and a half hours after the owner, as if a plane were in between. A link to the mailbox opens the door.
  const from = farFrom(town, random, person.home.city)
  for (let index = 0; index < 3; index += 1) {
    const ownerMs = startMs + index * 24 * hour
    ownerAt(scene, person, ownerMs)
    const inMs = ownerMs + random.between(2.2, 3) * hour
    scene.say(inMs - 2 * minute, { action: 'otp_send', user_uid: person.uid, ...from })
    const self = enter(scene, person, { from, device, method: 'magiclink' }, inMs)
    stroll(scene, self, inMs + minute, random.integer(4, 9), 2 * minute)
    ownerAt(scene, person, inMs + random.between(2, 3) * hour)
  }
}

/** 7: phished through a proxy that passed the second factor on. What keeps the door open is a factor of one's own, not a new password. */
export function newDevice(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, staysAtHome)
  const proxy = proxiesOf(scene, person.home.city.country)
  const device = likeOf(random, person)
  const fast = pace === 'fast'
  const self = enter(
    scene,
    person,
    { from: proxy(), device, method: fast ? 'password' : 'oauth', second: person.mfa },
    startMs,
  )
  stroll(scene, self, startMs + 20 * second, 5, 40 * second)
  let timeMs = startMs + (fast ? random.between(8, 25) * minute : random.between(24, 40) * hour)
  if (!fast) {
    // The session is kept alive from ever new connections until nobody thinks of the sign-in any more.
    for (let at = startMs + hour; at < timeMs; at += random.between(5, 8) * hour) {
      const moved = { ...self, ...proxy() }
      scene.say(at, { ...moved, action: 'token_refresh' })
      scene.say(at + second, { ...moved, action: 'session_seen', aal: 'aal1' })
    }
  }
  const now = { ...self, ...(fast ? {} : proxy()) }
  const acts: readonly Draft[] = [
    { ...now, action: 'factor_add' },
    random.pick<Draft>([
      { ...now, action: 'api_key_create' },
      { ...now, action: 'data_export', source: 'app', resource: 'own_data', rows: random.integer(500, 2_500) },
      { ...now, action: 'email_change' },
    ]),
  ]
  for (const act of acts) {
    scene.say(timeMs, act)
    timeMs += random.between(2, 6) * minute
  }
}

/** 8: an infostealer took the tokens. They are renewed in the owner's country with a browser that says what the owner's says. */
export function stolenSession(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, staysAtHome)
  const session = sessionOf(random, person)
  // Half of the thieves copy the whole user agent; the handshake of their tool stays their own.
  const device = random.chance(0.5) ? { ...person.desktop, ja3: random.hex(16) } : likeOf(random, person)
  const from = proxiesOf(scene, person.home.city.country)()
  const owner = { user_uid: person.uid, session_uid: session, ...person.homeAddress, ...person.desktop } as const
  const thief = { user_uid: person.uid, session_uid: session, ...from, ...device } as const
  const used = {
    action: 'token_refresh',
    status_id: 2,
    status_code: 400,
    error_code: 'refresh_token_already_used',
  } as const
  ownerAt(scene, person, startMs - 5 * minute)
  const hours = pace === 'fast' ? 1 : random.integer(5, 8)
  for (let index = 0; index < hours; index += 1) {
    const timeMs = startMs + index * hour
    scene.say(timeMs, { action: 'token_refresh', ...thief })
    scene.say(timeMs + second, { action: 'session_seen', ...thief, aal: 'aal1' })
    stroll(scene, thief, timeMs + 10 * second, random.integer(5, 10), 60 * second)
  }
  const backMs = startMs + (pace === 'fast' ? random.between(25, 50) * minute : (hours + random.between(0.2, 2)) * hour)
  scene.say(backMs, { ...used, ...owner })
  scene.say(backMs + random.between(5, 20) * minute, { ...used, error_code: 'refresh_token_not_found', ...thief })
}

/** 10: fast, the help desk was talked into removing the factor; slow, an identity of the attacker's is linked and the owner's let go. */
export function downgrade(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const person = victimOf(scene, (each) => staysAtHome(each) && each.mfa)
  const from = proxiesOf(scene, person.home.city.country)()
  const device = likeOf(random, person)
  if (pace === 'fast') {
    const desk = random.pick(town.admins)
    const acting = { source: 'app', actor_uid: desk.uid, ...town.office, ...desk.desktop, aal: 'aal2' } as const
    scene.sayBenign(startMs - minute, {
      action: 'admin_call',
      ...acting,
      user_uid: desk.uid,
      is_admin: true,
      resource: 'users.get',
    })
    // An honest hand did it, at the usual place: the event is not the attacker's.
    scene.sayBenign(startMs, { action: 'factor_remove', ...acting, user_uid: person.uid })
    const inMs = startMs + random.between(4, 15) * minute
    scene.say(inMs - 2 * minute, { action: 'recovery_request', user_uid: person.uid, ...from })
    const self = enter(scene, person, { from, device, method: 'otp' }, inMs)
    scene.say(inMs + minute, { ...self, action: 'password_change' })
    scene.say(inMs + 3 * minute, { ...self, action: 'factor_add' })
    scene.say(inMs + 6 * minute, { ...self, action: 'email_change' })
    return
  }
  const self = enter(scene, person, { from, device, second: true }, startMs)
  scene.say(startMs + 10 * minute, { ...self, action: 'identity_link', auth_method: 'oauth' })
  const laterMs = startMs + random.between(40, 60) * hour
  const again = enter(
    scene,
    person,
    { from: proxiesOf(scene, person.home.city.country)(), device, method: 'oauth' },
    laterMs,
  )
  scene.say(laterMs + 3 * minute, { ...again, action: 'identity_unlink' })
  scene.say(laterMs + random.between(18, 30) * hour, { ...again, action: 'email_change' })
}

/** 24: fast, an old password still fits; slow, the forgotten mailbox has a new owner who waits two days before taking anything. */
export function dormant(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, (each) => each.habit === 'dormant' && each.sessions.size === 0)
  const from = proxiesOf(scene, person.home.city.country)()
  const fast = pace === 'fast'
  if (!fast) scene.say(startMs - 3 * minute, { action: 'recovery_request', user_uid: person.uid, ...from })
  const self = enter(
    scene,
    person,
    { from, device: likeOf(random, person), method: fast ? 'password' : 'otp' },
    startMs,
  )
  if (!fast) scene.say(startMs + minute, { ...self, action: 'password_change' })
  stroll(scene, self, startMs + 2 * minute, 6, minute)
  const laterMs = startMs + (fast ? random.between(30, 70) * minute : random.between(44, 60) * hour)
  scene.say(laterMs, {
    ...self,
    action: 'data_export',
    source: 'app',
    resource: 'own_data',
    rows: random.integer(200, 900),
  })
  scene.say(laterMs + 4 * minute, { ...self, action: 'api_key_create' })
}

/** 27: a seat is let by the hour. Fast: six at once in four cities; slow: each evening a few, three evenings. */
export function sharing(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const person = victimOf(scene, (each) => isActive(each) && each.habit === 'plain')
  const homes = town.home.filter(({ type }) => type === 'residential' || type === 'mobile')
  const guests = random.sample(homes, pace === 'fast' ? 6 : 5).map((network) => ({
    ...addressIn(network, random),
    ...deviceOf(random, random.pick(['Chrome', 'Safari', 'Edge']), 'browser'),
    session_uid: `s${random.hex(23)}`,
    user_uid: person.uid,
  }))
  for (const guest of guests) {
    const times =
      pace === 'fast'
        ? [0, 1, 2, 3].map((index) => startMs + (index * 12 + random.between(0, 10)) * minute)
        : humanTimes(random, startMs, 3, () => 1).flatMap((timeMs) => [timeMs, timeMs + 30 * minute])
    for (const [index, timeMs] of times.entries()) {
      if (index === 0) scene.say(timeMs, { action: 'login', ...guest, auth_method: 'password', aal: 'aal1' })
      scene.say(timeMs + second, { action: 'session_seen', ...guest, aal: 'aal1' })
      stroll(scene, guest, timeMs + 2 * second, 4, minute)
    }
  }
}

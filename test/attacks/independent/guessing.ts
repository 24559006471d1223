import { wrongPassword } from '../benign/sign-in.ts'
import { day, hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf, type Person } from '../people.ts'
import { addressIn, type Vantage } from '../places.ts'
import { isActive, type Scene, victimOf } from '../scenarios/scene.ts'
import { browserOf, enter, humanTimes, likeOf, proxiesOf, rented, rotatingV6, stroll } from './means.ts'

type Who = Person | string

/** A wrong password. The hook tells of known users, the auth server's log of strangers; both say little of the browser. */
function wrong(scene: Scene, timeMs: number, who: Who, from: Vantage): void {
  if (typeof who !== 'string') scene.say(timeMs, { ...wrongPassword, user_uid: who.uid, ...from })
  else {
    const strange = { identifier: who, ua_family: 'Chrome', ua_kind: 'browser' } as const
    scene.say(timeMs, { ...wrongPassword, source: 'supabase_auth', ...strange, ...from })
  }
}

/** A combo list of these days has been matched to the service: up to half of the names are customers. */
function comboList(scene: Scene, size: number): readonly Who[] {
  const { random } = scene
  const known = scene.crowd(Math.min(40, Math.round(size * random.between(0.05, 0.3))))
  const strangers = Array.from({ length: size - known.length }, () => `i${random.hex(23)}`)
  return random.sample([...known, ...strangers], size)
}

/** 1: the old passwords of one person and what one makes of them, each try from another connection in the person's country. */
export function bruteForce(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const proxy = proxiesOf(scene, person.home.city.country)
  if (pace === 'fast') {
    let timeMs = startMs
    for (let tries = random.integer(30, 60); tries > 0; tries -= 1) {
      timeMs += random.between(45, 120) * second
      wrong(scene, timeMs, person, proxy())
    }
    return
  }
  const times = humanTimes(random, startMs, 6, () => random.integer(6, 10), person.utcOffsetHours)
  for (const timeMs of times) wrong(scene, timeMs, person, proxy())
}

/** 2: fast, a machine that changes its /64 with each try; slow, a well-used VPN exit behind which customers sign in as well. */
export function stuffing(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  if (pace === 'fast') {
    const from = rotatingV6(random, rented(scene, 'hosting'))
    let timeMs = startMs
    for (const who of comboList(scene, random.integer(120, 220))) {
      timeMs += random.between(4, 12) * second
      wrong(scene, timeMs, who, from())
    }
    return
  }
  const exit = addressIn(random.pick(town.home.filter(({ type }) => type === 'vpn')), random)
  const spanMs = 60 * hour
  for (const who of comboList(scene, random.integer(250, 350)))
    wrong(scene, startMs + random.next() * spanMs, who, exit)
  for (const person of town.people.filter(({ habit }) => habit === 'vpn')) {
    const self = { user_uid: person.uid, session_uid: `s${random.hex(23)}`, ...exit, ...person.desktop } as const
    scene.sayBenign(startMs + random.next() * spanMs, {
      action: 'login',
      ...self,
      auth_method: 'password',
      aal: 'aal1',
    })
  }
}

/** 3: one password for everybody. The attacker's own accounts sign in between the tries, so that most of what one sees goes well. */
export function spraying(scene: Scene): void {
  const { random, pace, startMs } = scene
  if (pace === 'fast') {
    const from = proxiesOf(scene)()
    const own = Array.from({ length: 4 }, () => ({
      user_uid: `u${random.hex(23)}`,
      ...deviceOf(random, 'Chrome', 'browser'),
    }))
    const list = comboList(scene, random.integer(60, 120))
    let timeMs = startMs
    for (let round = 0; round < 2; round += 1) {
      for (const who of random.sample(list, list.length)) {
        timeMs += random.between(15, 35) * second
        wrong(scene, timeMs, who, from)
        if (!random.chance(0.45)) continue
        const session = { session_uid: `s${random.hex(23)}`, auth_method: 'password', aal: 'aal1' } as const
        scene.say(timeMs + 3 * second, { action: 'login', ...random.pick(own), ...session, ...from })
      }
    }
    return
  }
  // One round a day, as lock-out policies allow, each day from another address of the same provider.
  const network = rented(scene, 'hosting', 'vpn')
  const list = comboList(scene, random.integer(40, 70))
  for (let round = 0; round < 4; round += 1) {
    const from = addressIn(network, random)
    let timeMs = startMs + round * (day + random.between(-2, 2) * hour)
    for (const who of random.sample(list, list.length)) {
      timeMs += random.between(2, 4) * minute
      wrong(scene, timeMs, who, from)
    }
  }
}

/** 4: hardly any connection is used twice; slow, spread over four days and bound to the hours in which customers come. */
export function distributed(scene: Scene): void {
  const { random, pace, startMs } = scene
  const proxy = proxiesOf(scene)
  const fast = pace === 'fast'
  const list = comboList(scene, fast ? random.integer(300, 450) : random.integer(600, 900))
  const times = fast
    ? list.map(() => startMs + random.next() * random.between(2, 3) * hour)
    : humanTimes(random, startMs, 4, () => Math.ceil(list.length / 4))
  for (const [index, who] of list.entries()) wrong(scene, times[index] ?? startMs, who, proxy())
  // One name in a hundred opens.
  for (const person of scene.victims(fast ? 3 : 6, isActive)) {
    const timeMs = random.pick(times)
    const self = enter(scene, person, { from: proxy(), device: browserOf(random) }, timeMs)
    stroll(scene, self, timeMs + 20 * second, 3, 10 * second)
  }
}

/** 5: a dozen tries at one account, each from elsewhere, and the last is right. */
export function guessed(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const proxy = proxiesOf(scene, person.home.city.country)
  const count = pace === 'fast' ? random.integer(12, 20) : random.integer(8, 12)
  const times =
    pace === 'fast'
      ? Array.from({ length: count }, (_, index) => startMs + index * random.between(50, 90) * second).sort(
          (a, b) => a - b,
        )
      : humanTimes(random, startMs, 2, () => Math.ceil(count / 2), person.utcOffsetHours)
  for (const timeMs of times) wrong(scene, timeMs, person, proxy())
  const inMs = (times.at(-1) ?? startMs) + (pace === 'fast' ? 2 * minute : random.between(1, 3) * hour)
  const self = enter(scene, person, { from: proxy(), device: likeOf(random, person) }, inMs)
  stroll(scene, self, inMs + 20 * second, random.integer(8, 25), 25 * second)
}

/** 9: the password is known. Codes are guessed, a few each time, each time after a new sign-in from another connection. */
export function secondFactor(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, (each) => isActive(each) && each.mfa)
  const proxy = proxiesOf(scene, person.home.city.country)
  const fast = pace === 'fast'
  const visits = fast
    ? Array.from({ length: random.integer(5, 8) }, (_, index) => startMs + index * random.between(3.2, 4) * minute)
    : humanTimes(random, startMs, 4, () => 3, person.utcOffsetHours)
  const refused: Partial<Draft> = { status_id: 2, error_code: 'mfa_verification_failed' }
  for (const visitMs of visits) {
    const from = proxy()
    enter(scene, person, { from, device: likeOf(random, person) }, visitMs)
    for (let tries = fast ? 4 : random.integer(2, 3), timeMs = visitMs + 15 * second; tries > 0; tries -= 1) {
      scene.say(timeMs, { action: 'mfa_verification', source: 'auth_hook', user_uid: person.uid, ...from, ...refused })
      timeMs += random.between(30, 45) * second
    }
  }
}

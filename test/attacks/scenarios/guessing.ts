import { wrongPassword } from '../benign/sign-in.ts'
import { hour, minute, second } from '../clock.ts'
import type { Person } from '../people.ts'
import { addressIn, type Vantage } from '../places.ts'
import { addressOf, isActive, lookAround, networkOf, type Scene, takeOver, toolOf, victimOf } from './scene.ts'

const unknown = { ...wrongPassword, source: 'supabase_auth' } as const

/** A wrong password for somebody on a list: a customer where the list is lucky, else nobody we know. */
function tryAccount(scene: Scene, timeMs: number, who: Person | string, from: Vantage, tool = toolOf(scene)): void {
  if (typeof who !== 'string') scene.say(timeMs, { ...wrongPassword, user_uid: who.uid, ...from })
  else scene.say(timeMs, { ...unknown, identifier: who, ...from, ua_family: tool.ua_family, ua_kind: tool.ua_kind })
}

/** A list of names as it is sold: mostly strangers, some customers. */
function listOf(scene: Scene, size: number): readonly (Person | string)[] {
  const { random } = scene
  const known = scene.crowd(Math.min(25, Math.round(size * random.between(0.05, 0.4))))
  const strangers = Array.from({ length: size - known.length }, () => `i${random.hex(23)}`)
  return random.sample([...known, ...strangers], size)
}

/** 1: the commonest passwords against one account. */
export function bruteForce(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const network = networkOf(scene)
  const addresses = Array.from({ length: random.integer(1, pace === 'fast' ? 2 : 5) }, () => addressIn(network, random))
  const gap = pace === 'fast' ? random.between(1, 8) * second : random.between(8, 20) * minute
  let timeMs = startMs
  for (let tries = pace === 'fast' ? random.integer(40, 400) : random.integer(60, 120); tries > 0; tries -= 1) {
    timeMs += gap * random.between(0.6, 1.4)
    tryAccount(scene, timeMs, person, random.pick(addresses))
  }
}

/** 2: a list of names and passwords from elsewhere, from one machine, one or two tries each. */
export function stuffing(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = addressOf(scene)
  const tool = toolOf(scene)
  const gap = pace === 'fast' ? random.between(0.3, 4) * second : random.between(40, 130) * second
  let timeMs = startMs
  for (const who of listOf(scene, pace === 'fast' ? random.integer(80, 500) : random.integer(200, 450))) {
    for (let tries = random.chance(0.15) ? 2 : 1; tries > 0; tries -= 1) {
      timeMs += random.wait(gap)
      tryAccount(scene, timeMs, who, from, tool)
    }
  }
}

/** 3: a few passwords against many accounts, round after round, from one machine. */
export function spraying(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = addressOf(scene)
  const tool = toolOf(scene)
  const list = listOf(scene, random.integer(10, 45))
  const gap = pace === 'fast' ? random.between(2, 12) * second : random.between(3, 7) * minute
  let timeMs = startMs
  for (let rounds = random.integer(3, 6); rounds > 0; rounds -= 1) {
    for (const who of random.sample(list, list.length)) {
      timeMs += gap * random.between(0.7, 1.3)
      tryAccount(scene, timeMs, who, from, tool)
    }
    timeMs += pace === 'fast' ? random.between(2, 8) * minute : random.between(20, 60) * minute
  }
}

/** 4: the same through many proxies, so that no address says much. */
export function distributed(scene: Scene): void {
  const { random, pace, startMs } = scene
  const networks = Array.from({ length: random.integer(4, 12) }, () =>
    networkOf(scene, 'residential', 'residential', 'hosting', 'mobile'),
  )
  const addresses = Array.from({ length: random.integer(40, 200) }, () => addressIn(random.pick(networks), random))
  const list = listOf(scene, pace === 'fast' ? random.integer(120, 500) : random.integer(200, 400))
  const spanMs = pace === 'fast' ? random.between(10, 30) * minute : random.between(8, 16) * hour
  for (const who of list) {
    for (let tries = random.integer(1, 3); tries > 0; tries -= 1) {
      tryAccount(scene, startMs + random.next() * spanMs, who, random.pick(addresses))
    }
  }
}

/** 5: a guess is right. */
export function guessed(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const from = addressOf(scene)
  const tool = toolOf(scene)
  const onePerson = random.chance(0.5)
  const count = pace === 'fast' ? random.integer(15, 60) : random.integer(18, 40)
  const list = onePerson ? Array.from({ length: count }, () => person) : [...listOf(scene, count), person]
  const gap = pace === 'fast' ? random.between(2, 9) * second : random.between(4, 10) * minute
  let timeMs = startMs
  for (const who of list) {
    timeMs += gap * random.between(0.6, 1.4)
    tryAccount(scene, timeMs, who, from, tool)
  }
  const inMs = timeMs + gap
  lookAround(scene, takeOver(scene, person, from, tool, inMs), inMs + 10 * second, random.integer(8, 30), 15 * second)
}

/** 9: the password is known, the code is guessed, or the owner is worn out until the right button is pressed. */
export function secondFactor(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, (each) => isActive(each) && each.mfa)
  const from = addressOf(scene)
  const self = takeOver(scene, person, from, toolOf(scene), startMs)
  const gap = pace === 'fast' ? random.between(4, 30) * second : random.between(4, 12) * minute
  const code = { source: 'auth_hook', action: 'mfa_verification', user_uid: person.uid, ...from } as const
  let timeMs = startMs + 20 * second
  for (let tries = pace === 'fast' ? random.integer(8, 40) : random.integer(15, 40); tries > 0; tries -= 1) {
    timeMs += gap * random.between(0.6, 1.4)
    scene.say(timeMs, { ...code, status_id: 2, error_code: 'mfa_verification_failed' })
  }
  if (!random.chance(0.5)) return
  timeMs += gap
  scene.say(timeMs, code)
  lookAround(scene, self, timeMs, random.integer(5, 20), 15 * second)
}

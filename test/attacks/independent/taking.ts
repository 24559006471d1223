import { hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf } from '../people.ts'
import type { Vantage } from '../places.ts'
import { type Scene, victimOf } from '../scenarios/scene.ts'
import {
  browserOf,
  enter,
  humanTimes,
  likeOf,
  proxiesOf,
  readOf,
  rented,
  rotatingV6,
  sessionOf,
  staysAtHome,
} from './means.ts'

/** 18: somebody who leaves the firm takes along what can be read: files and lists, from home with the usual computer. */
export function exfiltration(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, staysAtHome)
  const self = {
    user_uid: person.uid,
    session_uid: sessionOf(random, person),
    ...person.homeAddress,
    ...person.desktop,
  } as const
  const fast = pace === 'fast'
  const times = fast
    ? Array.from({ length: random.integer(120, 180) }, () => startMs + random.next() * 40 * minute).sort(
        (a, b) => a - b,
      )
    : humanTimes(random, startMs, 6, () => random.integer(10, 14), person.utcOffsetHours)
  for (const timeMs of times) {
    const file = {
      path: '/storage/v1/object/authenticated/contracts/:object',
      object_id: `f${random.hex(10)}`,
      bytes: random.integer(5e6, 2e7),
    }
    if (fast && random.chance(0.6)) scene.say(timeMs, readOf(self, 'storage/contracts', 1, { ...file, rows: 1 }))
    else scene.say(timeMs, readOf(self, 'customers', random.integer(900, 1_000)))
  }
}

/** 25: who is a customer? Asked by signing up from a rotating /48, or a few times an hour from forty homes by the forgotten password. */
export function enumeration(scene: Scene): void {
  const { random, pace, startMs } = scene
  const browser = browserOf(random)
  const ask = (timeMs: number, from: Vantage, draft: Draft): void =>
    scene.say(timeMs, {
      ...draft,
      identifier: `i${random.hex(23)}`,
      ...from,
      ua_family: browser.ua_family,
      ua_kind: browser.ua_kind,
    })
  if (pace === 'fast') {
    const from = rotatingV6(random, rented(scene, 'hosting'))
    let timeMs = startMs
    for (let i = random.integer(150, 250); i > 0; i -= 1) {
      timeMs += random.between(3, 8) * second
      const known: Draft = { action: 'signup', status_id: 2, error_code: 'repeated_signup' }
      ask(
        timeMs,
        from(),
        random.chance(0.25)
          ? known
          : { action: 'signup', email_domain: random.pick(['gmail.com', 'outlook.com']), disposable: false },
      )
    }
    return
  }
  const proxy = proxiesOf(scene)
  const homes = Array.from({ length: 40 }, () => proxy())
  for (let i = random.integer(300, 420); i > 0; i -= 1) {
    const draft: Draft = { action: 'recovery_request', status_id: 2, status_code: 400, error_code: 'user_not_found' }
    ask(
      startMs + random.next() * 24 * hour,
      random.pick(homes),
      random.chance(0.85) ? draft : { action: 'recovery_request' },
    )
  }
}

/** 19: fast, everything is overwritten; slow, a customer's key deletes a little all day and all night. */
export function destruction(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  if (pace === 'fast') {
    const person = victimOf(scene, staysAtHome)
    const self = enter(
      scene,
      person,
      { from: proxiesOf(scene, person.home.city.country)(), device: likeOf(random, person) },
      startMs,
    )
    for (let i = random.integer(3, 6); i > 0; i -= 1) {
      const table = random.pick(['projects', 'tasks', 'comments'])
      const rows = random.integer(5_000, 40_000)
      const write = {
        action: 'data_write',
        http_method: 'PATCH',
        source: 'supabase_edge',
        status_code: 200,
        resource: table,
        rows,
      } as const
      scene.say(startMs + (4 + i * 1.5) * minute, { ...self, ...write, path: `/rest/v1/${table}` })
    }
    return
  }
  const key = random.pick(town.customerKeys)
  const who = {
    api_key_id: key.id,
    api_key_type: 'user',
    ...random.pick(key.from),
    ...deviceOf(random, 'node', 'script'),
  } as const
  for (let at = startMs; at < startMs + 40 * hour; at += random.between(3, 7) * minute) {
    const gone = {
      action: 'data_delete',
      http_method: 'DELETE',
      source: 'supabase_edge',
      status_code: 200,
      resource: 'tasks',
    } as const
    scene.say(at, { ...gone, ...who, path: '/rest/v1/tasks', rows: random.integer(20, 45) })
  }
}

import { hour, minute } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { type Scene, victimOf } from '../scenarios/scene.ts'
import { browserOf, enter, humanTimes, likeOf, proxiesOf, readOf, rented, rotatingV6, staysAtHome } from './means.ts'

/** 14: fast, page after page of a thousand rows; slow, eight paid accounts share the work at the pace of somebody who reads. */
export function scraping(scene: Scene): void {
  const { random, pace, startMs } = scene
  const proxy = proxiesOf(scene)
  if (pace === 'fast') {
    const self = { user_uid: `u${random.hex(23)}`, session_uid: `s${random.hex(23)}`, ...proxy(), ...browserOf(random) }
    scene.say(startMs - hour, {
      action: 'signup',
      user_uid: self.user_uid,
      email_domain: 'gmail.com',
      disposable: false,
    })
    for (let i = random.integer(40, 80); i > 0; i -= 1) {
      scene.say(
        startMs + random.next() * 15 * minute,
        readOf({ ...self, ...(random.chance(0.2) ? proxy() : {}) }, 'members', 1_000),
      )
    }
    return
  }
  const puppets = Array.from({ length: 8 }, () => ({ user_uid: `u${random.hex(23)}`, ...browserOf(random) }))
  for (const puppet of puppets) {
    const from = proxy()
    const session = { session_uid: `s${random.hex(23)}`, ...from }
    scene.say(startMs, { action: 'login', ...puppet, ...session, auth_method: 'password', aal: 'aal1' })
    for (const timeMs of humanTimes(random, startMs, 2, () => random.integer(200, 280))) {
      const id = random.integer(1, 90_000)
      const which = { path: '/rest/v1/members/:id', object_id: `m${random.hex(10)}`, object_number: id }
      const answer = random.chance(0.05) ? { rows: 0, bytes: 2 } : {}
      scene.say(timeMs, readOf({ ...puppet, ...session }, 'members', 1, { ...which, ...answer }))
    }
  }
}

const guesses = [
  '/graphql/v1',
  '/storage/v1/bucket',
  '/functions/v1/admin',
  '/functions/v1/debug',
  '/rest/v1/',
  '/pg/meta/default',
  '/auth/v1/admin/users',
  '/api/v1/health',
  '/swagger.json',
  '/.env.local',
  '/.git/config',
  '/config.js.map',
] as const

/** 15: looks for what such a project usually leaves open; fast from a rotating /48, slow a few an hour from homes. */
export function scanning(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const browser = browserOf(random)
  const from = fast ? rotatingV6(random, rented(scene, 'hosting')) : proxiesOf(scene)
  const count = fast ? random.integer(60, 110) : random.integer(150, 220)
  for (let i = 0; i < count; i += 1) {
    const timeMs = startMs + random.next() * (fast ? 10 * minute : 30 * hour)
    const path = random.chance(0.5)
      ? random.pick(guesses)
      : `/functions/v1/${random.pick(['send', 'get', 'sync', 'admin'])}-${random.hex(3)}`
    const refused = { status_id: 2, status_code: random.pick([404, 404, 401, 403]) } as const
    scene.say(timeMs, {
      action: 'http_request',
      source: 'supabase_edge',
      http_method: 'GET',
      ...from(),
      ...browser,
      path,
      ...refused,
    })
  }
}

const tables = [
  'profiles',
  'invoices',
  'payouts',
  'api_keys',
  'audit',
  'secrets',
  'memberships',
  'organizations',
  'documents',
  'messages',
] as const

/** 16: reads only. What a policy forbids is an empty list with 200; tables that are not there are 404, columns 400. Nothing is 42501. */
export function policyProbing(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene, staysAtHome)
  const fast = pace === 'fast'
  const from = proxiesOf(scene, person.home.city.country)()
  const self = enter(scene, person, { from, device: likeOf(random, person) }, startMs)
  const count = fast ? random.integer(60, 100) : random.integer(140, 180)
  for (let i = 0; i < count; i += 1) {
    const timeMs = startMs + minute + random.next() * (fast ? 15 * minute : 20 * hour)
    const u = random.next()
    const nothing: Partial<Draft> = { rows: 0, bytes: 2 }
    const gone: Partial<Draft> = { status_id: 2, status_code: 404, error_code: 'PGRST205' }
    const bad: Partial<Draft> = { status_id: 2, status_code: 400, error_code: '42703' }
    const answer = u < 0.75 ? nothing : u < 0.87 ? gone : u < 0.95 ? bad : {}
    const table =
      u < 0.75 ? random.pick(tables) : `${random.pick(tables)}_${random.pick(['old', 'backup', 'v2', 'private'])}`
    scene.say(timeMs, readOf(self, table, u < 0.95 ? 0 : 1, answer))
  }
}

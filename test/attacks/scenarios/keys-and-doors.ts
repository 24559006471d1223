import { hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf } from '../people.ts'
import { addressIn } from '../places.ts'
import { addressOf, networkOf, type Scene, toolOf, victimOf } from './scene.ts'

const edge = { source: 'supabase_edge', http_method: 'GET', status_code: 200 } as const

/** 11: a customer's key was in a public repository; whoever found it tries it. */
export function leakedKey(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const key = random.pick(town.customerKeys)
  const networks = Array.from({ length: random.integer(5, 10) }, () =>
    networkOf(scene, 'hosting', 'residential', 'vpn'),
  )
  const spanMs = pace === 'fast' ? random.between(20, 55) * minute : random.between(14, 28) * hour
  for (const [index, network] of networks.entries()) {
    const from = { ...addressIn(network, random), ...toolOf(scene, true) }
    let timeMs = startMs + (index / networks.length) * spanMs
    for (let count = random.integer(2, 12); count > 0; count -= 1) {
      timeMs += random.wait((0.4 * spanMs) / networks.length / 8) + second
      const rows = random.integer(10, 200)
      const call = {
        action: 'http_request',
        ...edge,
        api_key_id: key.id,
        api_key_type: 'user',
        path: '/v1/tasks',
      } as const
      scene.say(timeMs, { ...call, ...from, resource: 'tasks', rows, bytes: rows * 400 })
    }
  }
}

/** 12: the secret key is in the web page, or on somebody's machine. */
export function secretKeyAtLarge(scene: Scene): void {
  const { random, pace, startMs } = scene
  const inBrowser = random.chance(0.6)
  const device = inBrowser ? deviceOf(random, random.pick(['Chrome', 'Firefox']), 'browser') : toolOf(scene, true)
  const from = addressOf(scene, 'residential', 'hosting', 'vpn')
  const gap = pace === 'fast' ? random.between(1, 15) * second : random.between(20, 70) * minute
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(6, 60) : random.integer(10, 20); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    // Browsers are refused by the gateway; scripts are not.
    const answer =
      inBrowser && random.chance(0.7) ? { status_id: 2, status_code: 401 } : { rows: random.integer(1, 900) }
    const call = {
      action: 'http_request',
      ...edge,
      api_key_id: 'sk_app',
      api_key_type: 'secret',
      has_referer: inBrowser,
    } as const
    scene.say(timeMs, { ...call, ...from, ...device, path: '/rest/v1/customers', resource: 'customers', ...answer })
  }
}

/** 13: somebody does not take no for an answer. */
export function rateLimits(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = { ...addressOf(scene), ...toolOf(scene) }
  const limited = {
    action: 'http_request',
    ...edge,
    status_id: 2,
    status_code: 429,
    error_code: 'over_request_rate_limit',
  } as const
  const call = { ...limited, ...from, path: '/rest/v1/search', resource: 'search' }
  if (pace === 'fast') {
    for (let count = random.integer(100, 500); count > 0; count -= 1)
      scene.say(startMs + random.next() * 8 * minute, call)
    return
  }
  const endMs = startMs + random.between(2, 5) * hour
  for (let timeMs = startMs; timeMs < endMs; timeMs += random.between(6, 11) * minute) {
    for (let count = random.integer(8, 15); count > 0; count -= 1)
      scene.say(timeMs + random.between(0, 50) * second, call)
  }
}

/** 14: everything is read, one id after the other or those of a list, by a customer's account or by nobody in particular. */
export function scraping(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = { ...addressOf(scene), ...toolOf(scene) }
  const person = random.chance(0.6) ? victimOf(scene) : undefined
  const self = person === undefined ? {} : { user_uid: person.uid, session_uid: `s${random.hex(23)}` }
  const sequential = random.chance(0.5)
  const missing = sequential ? random.between(0, 0.3) : random.between(0.1, 0.8)
  const gap = pace === 'fast' ? random.between(0.1, 0.5) * second : random.between(8, 25) * second
  let timeMs = startMs
  let id = random.integer(1, 50_000)
  for (let count = pace === 'fast' ? random.integer(600, 2_000) : random.integer(900, 1_600); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    id = sequential ? id + 1 : random.integer(1, 90_000)
    const answer = random.chance(missing) ? { status_id: 2, status_code: 404, rows: 0 } : { rows: 1, bytes: 700 }
    const what = {
      path: '/rest/v1/members/:id',
      resource: 'members',
      object_id: String(id),
      object_number: id,
    } as const
    scene.say(timeMs, {
      action: 'http_request',
      ...edge,
      api_key_id: 'pk_web',
      api_key_type: 'publishable',
      ...self,
      ...from,
      ...what,
      ...answer,
    })
  }
}

const badPaths = [
  '/.env',
  '/.git/config',
  '/wp-login.php',
  '/xmlrpc.php',
  '/phpmyadmin/',
  '/admin.php',
  '/.aws/credentials',
  '/actuator/env',
  '/server-status',
  '/backup.sql',
  '/config.json',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
] as const

/** 15: doors are tried. */
export function scanning(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = { ...addressOf(scene, 'hosting', 'vpn'), ...toolOf(scene) }
  const gap = pace === 'fast' ? random.between(0.1, 1) * second : random.between(60, 160) * second
  let timeMs = startMs
  for (let count = random.integer(60, 200); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const path = random.chance(0.4)
      ? random.pick(badPaths)
      : `/${random.pick(['api', 'old', 'test', 'v2'])}/${random.hex(6)}`
    const code = random.pick([404, 404, 404, 403, 400])
    scene.say(timeMs, { action: 'http_request', ...edge, ...from, status_id: 2, status_code: code, path })
  }
}

const tables = ['profiles', 'invoices', 'payouts', 'api_keys', 'members', 'audit', 'projects', 'secrets'] as const

/** 16: a customer tries what the policies forbid: other tables, other tenants' rows, and sometimes the row that is bait. */
export function policyProbing(scene: Scene): void {
  const { random, pace, startMs } = scene
  const person = victimOf(scene)
  const from = { ...addressOf(scene), ...toolOf(scene) }
  const self = { user_uid: person.uid, session_uid: `s${random.hex(23)}`, ...from }
  const own = random.sample(tables, random.integer(4, 8))
  const gap = pace === 'fast' ? random.between(1, 12) * second : random.between(12, 35) * minute
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(20, 80) : random.integer(30, 60); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const refused = { action: 'access_denied', source: 'supabase_edge', status_id: 2, status_code: 403 } as const
    const why = random.chance(0.75) ? '42501' : 'other_tenant'
    scene.say(timeMs, {
      ...refused,
      error_code: why,
      ...self,
      resource: random.pick(own),
      object_id: String(random.integer(1, 9_000)),
    })
    if (random.chance(0.01)) {
      scene.say(timeMs + second, {
        action: 'http_request',
        ...edge,
        ...self,
        path: '/rest/v1/profiles/:id',
        resource: 'profiles',
        rows: 1,
        canary: true,
      })
    }
  }
}

/** 26: tokens made at home, with no algorithm or a key that does not exist, claiming a fine role. */
export function forgedTokens(scene: Scene): void {
  const { random, pace, startMs } = scene
  const tool = toolOf(scene)
  const network = networkOf(scene)
  const addresses = Array.from({ length: pace === 'fast' ? 1 : random.integer(1, 4) }, () => addressIn(network, random))
  const gap = pace === 'fast' ? random.between(0.5, 4) * second : random.between(2, 6) * minute
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(40, 200) : random.integer(60, 120); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const forged: Partial<Draft> = random.chance(0.4)
      ? { alg: 'none', role: random.pick(['service_role', 'admin', 'authenticated']) }
      : {
          alg: random.pick(['HS256', 'RS256']),
          kid: `x${random.hex(6)}`,
          role: random.pick(['service_role', 'admin', 'authenticated']),
        }
    const bad = {
      action: 'token_check',
      source: 'supabase_edge',
      status_id: 2,
      status_code: 401,
      error_code: 'bad_jwt',
    } as const
    const from = random.pick(addresses)
    scene.say(timeMs, { ...bad, ...from, ua_family: tool.ua_family, ua_kind: tool.ua_kind, ...forged })
  }
}

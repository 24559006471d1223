import { hour, minute, second } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { deviceOf } from '../people.ts'
import { addressIn } from '../places.ts'
import { type Scene, victimOf } from '../scenarios/scene.ts'
import { browserOf, humanTimes, proxiesOf, rented, rotatingV6 } from './means.ts'

const edge = { source: 'supabase_edge', http_method: 'GET', status_code: 200 } as const

/** 11: a customer's key from a public repository, used from one or two networks only, with the tool that the customer uses. */
export function leakedKey(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const key = random.pick(town.customerKeys)
  const call = { action: 'http_request', ...edge, api_key_id: key.id, api_key_type: 'user', ...key.device } as const
  const fast = pace === 'fast'
  const places = Array.from({ length: fast ? 2 : 1 }, () => addressIn(rented(scene, 'hosting'), random))
  const times = fast
    ? Array.from({ length: random.integer(25, 60) }, () => startMs + random.next() * 25 * minute)
    : humanTimes(random, startMs, 5, () => random.integer(3, 6))
  for (const timeMs of times) {
    const rows = fast ? random.integer(500, 1_000) : random.integer(50, 200)
    scene.say(timeMs, {
      ...call,
      ...random.pick(places),
      path: '/v1/tasks',
      resource: 'tasks',
      rows,
      bytes: rows * 400,
    })
  }
}

/** 12: the secret key came out of a build log. It is used by a script, never by a browser; slow, from the cloud where the app lives. */
export function secretKeyAtLarge(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  const fast = pace === 'fast'
  const appCloud = town.home.find(({ asn }) => asn === town.appServers[0]?.asn)
  const network = fast || appCloud === undefined ? rented(scene, 'hosting') : appCloud
  const who = { ...addressIn(network, random), ...deviceOf(random, fast ? 'node' : 'python-requests', 'script') }
  const key = {
    source: 'supabase_edge',
    api_key_id: 'sk_app',
    api_key_type: 'secret',
    status_code: 200,
    ...who,
  } as const
  const times = fast
    ? Array.from({ length: random.integer(15, 30) }, (_, index) => startMs + index * random.between(15, 30) * second)
    : humanTimes(random, startMs, 5, () => 2)
  for (const [index, timeMs] of times.entries()) {
    const users = { action: 'admin_call', http_method: 'GET', path: '/auth/v1/admin/users' } as const
    const rows = random.integer(200, 1_000)
    const table = {
      action: 'data_read',
      http_method: 'GET',
      path: '/rest/v1/customers',
      resource: 'customers',
      rows,
    } as const
    scene.say(timeMs, { ...key, ...(index % 3 === 0 ? users : { ...table, bytes: rows * 380 }) })
  }
}

/** 13: as fast as the limit lets one, and a little more: refusals spread over a rotating /48, or a few in every ten minutes for hours. */
export function rateLimits(scene: Scene): void {
  const { random, pace, startMs } = scene
  const refused = { status_id: 2, status_code: 429, error_code: 'over_request_rate_limit' } as const
  const browser = browserOf(random)
  const call = { action: 'http_request', ...edge, ...refused, ...browser, path: '/functions/v1/search' } as const
  const what = { ...call, resource: 'functions/search', api_key_id: 'pk_web', api_key_type: 'publishable' } as const
  const from = rotatingV6(random, rented(scene, 'hosting'))
  if (pace === 'fast') {
    for (let i = random.integer(150, 300); i > 0; i -= 1)
      scene.say(startMs + random.next() * 20 * minute, { ...what, ...from() })
    return
  }
  const one = proxiesOf(scene)()
  for (let at = startMs; at < startMs + 10 * hour; at += random.between(8, 12) * minute) {
    for (let i = random.integer(2, 4); i > 0; i -= 1) scene.say(at + random.next() * minute, { ...what, ...one })
  }
}

/** 20: a forged "paid" now and then from other clouds, among the real ones; slow, old letters are sent again. */
export function forgedWebhooks(scene: Scene): void {
  const { random, pace, startMs } = scene
  scene.concerns('endpoint', 'stripe')
  const fast = pace === 'fast'
  const times = fast
    ? Array.from({ length: random.integer(8, 14) }, (_, index) => startMs + index * random.between(2, 4) * minute)
    : humanTimes(random, startMs, 5, () => random.integer(2, 4))
  for (const [index, timeMs] of times.entries()) {
    const replay = !fast && index % 2 === 1
    const why = replay ? random.pick(['replayed_id', 'timestamp_too_old']) : 'bad_signature'
    const from = addressIn(rented(scene, 'hosting'), random)
    scene.say(timeMs, {
      action: 'webhook_delivery',
      source: 'hive',
      resource: 'stripe',
      status_id: 2,
      error_code: why,
      ...from,
    })
  }
}

/** 26: tokens signed with guessed secrets, naming the right key; a few from each connection. */
export function forgedTokens(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const proxy = proxiesOf(scene)
  const browser = browserOf(random)
  const times = fast
    ? Array.from({ length: random.integer(20, 35) }, (_, index) => startMs + index * random.between(20, 50) * second)
    : Array.from({ length: random.integer(50, 70) }, () => startMs + random.next() * 22 * hour).sort((a, b) => a - b)
  let from = proxy()
  for (const [index, timeMs] of times.entries()) {
    if (index % 4 === 0) from = proxy()
    const claim: Partial<Draft> = random.chance(0.2)
      ? { alg: 'none', role: 'service_role' }
      : { alg: 'HS256', kid: 'k1', role: random.pick(['service_role', 'authenticated']) }
    const bad = {
      action: 'token_check',
      source: 'supabase_edge',
      status_id: 2,
      status_code: 401,
      error_code: 'bad_jwt',
    } as const
    const seen = { ua_family: browser.ua_family, ua_kind: browser.ua_kind, device: browser.device, ja3: browser.ja3 }
    scene.say(timeMs, { ...bad, ...from, ...seen, ...claim, path: '/rest/v1/customers', http_method: 'GET' })
  }
}

/** 22: a browser farm opens accounts with mailboxes at domains of its own; slow, a dozen a day, each from another home. */
export function fakeAccounts(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const domains = Array.from(
    { length: fast ? 4 : 5 },
    () => `${random.pick(['post', 'mailbox', 'inbox'])}-${random.hex(4)}.example`,
  )
  const rotating = rotatingV6(random, rented(scene, 'hosting'))
  const proxy = proxiesOf(scene)
  const times = fast
    ? Array.from({ length: random.integer(50, 80) }, () => startMs + random.next() * 80 * minute).sort((a, b) => a - b)
    : humanTimes(random, startMs, 5, () => random.integer(10, 14))
  const ja3 = random.hex(16)
  for (const timeMs of times) {
    const device = { ...browserOf(random), ja3 }
    const who = { user_uid: `u${random.hex(23)}`, email_domain: random.pick(domains), disposable: false } as const
    const from = fast ? rotating() : proxy()
    scene.say(timeMs, { action: 'signup', ...who, ...from, ...device })
    const session = { session_uid: `s${random.hex(23)}`, auth_method: 'password', aal: 'aal1' } as const
    if (random.chance(0.5))
      scene.say(timeMs + 40 * second, { action: 'login', user_uid: who.user_uid, ...session, ...from, ...device })
  }
}

/** 29: fast, row level security is off for three minutes, by a statement in the database; slow, three settings in three days by a taken admin. */
export function weakening(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  if (pace === 'fast') {
    const from = addressIn(rented(scene, 'hosting', 'vpn'), random)
    const statement = {
      action: 'config_change',
      source: 'supabase_postgres',
      data: { db_role: 'postgres' },
      ...from,
    } as const
    scene.say(startMs, { ...statement, resource: 'row level security' })
    scene.say(startMs + minute, { ...statement, resource: 'grant' })
    return
  }
  const admin = victimOf(scene, (each) => each.isAdmin)
  const proxy = proxiesOf(scene, town.office.country)
  const own = { source: 'app', actor_uid: admin.uid, user_uid: admin.uid, is_admin: true, aal: 'aal2' } as const
  const device = deviceOf(random, admin.desktop.ua_family, 'browser')
  for (const [index, change] of ['redirect_urls', 'captcha_disabled', 'jwt_expiry_raised'].entries()) {
    const timeMs = startMs + index * random.between(20, 28) * hour
    scene.say(timeMs, { action: 'config_change', ...own, ...proxy(), ...device, resource: change, object_id: 'auth' })
  }
}

import { hour, minute, second } from '../clock.ts'
import { deviceOf } from '../people.ts'
import { type Scene, victimOf } from '../scenarios/scene.ts'
import { browserOf, enter, proxiesOf, sessionOf, staysAtHome } from './means.ts'

/** 17: fast, the own row of a table of roles is written, then the administrators' functions are called; slow, a taken admin lets a friend rise in two steps. */
export function escalation(scene: Scene): void {
  const { random, pace, startMs, town } = scene
  if (pace === 'fast') {
    const person = victimOf(scene, staysAtHome)
    const self = {
      user_uid: person.uid,
      session_uid: sessionOf(random, person),
      ...person.homeAddress,
      ...person.desktop,
    } as const
    const write = {
      action: 'data_write',
      http_method: 'PATCH',
      source: 'supabase_edge',
      status_code: 200,
      rows: 1,
    } as const
    scene.say(startMs, { ...self, ...write, resource: 'user_roles', path: '/rest/v1/user_roles' })
    for (let i = random.integer(4, 9); i > 0; i -= 1) {
      const call = { action: 'admin_call', source: 'app', actor_uid: person.uid, aal: 'aal1' } as const
      scene.say(startMs + i * minute, {
        ...self,
        ...call,
        resource: random.pick(['users.list', 'users.export', 'billing.get']),
      })
    }
    return
  }
  const admin = victimOf(scene, (each) => each.isAdmin)
  const from = proxiesOf(scene, town.office.country)()
  const device = deviceOf(random, admin.desktop.ua_family, 'browser')
  const friend = `u${random.hex(23)}`
  for (const [index, role] of ['support', 'admin'].entries()) {
    const timeMs = startMs + index * random.between(22, 30) * hour
    const self = enter(scene, admin, { from, device, second: true }, timeMs - 3 * minute)
    const acting = { ...self, source: 'app', actor_uid: admin.uid, aal: 'aal2' } as const
    scene.say(timeMs, { ...acting, action: 'role_grant', user_uid: friend, role, is_admin: false })
  }
  const own = {
    user_uid: friend,
    actor_uid: friend,
    session_uid: `s${random.hex(23)}`,
    ...proxiesOf(scene)(),
    ...browserOf(random),
  }
  for (let i = 0; i < 5; i += 1) {
    scene.say(startMs + 36 * hour + i * 2 * minute, {
      action: 'admin_call',
      source: 'app',
      ...own,
      aal: 'aal1',
      resource: 'users.list',
    })
  }
}

/** 21: each card has an account and a connection of its own; small sums that nobody looks at. */
export function cardTesting(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const proxy = proxiesOf(scene)
  const count = fast ? random.integer(40, 80) : random.integer(100, 140)
  for (let i = 0; i < count; i += 1) {
    const timeMs = startMs + 2 * minute + random.next() * (fast ? 40 * minute : 30 * hour)
    const who = { user_uid: `u${random.hex(23)}`, ...proxy(), ...browserOf(random) }
    scene.say(timeMs - 90 * second, {
      action: 'signup',
      ...who,
      email_domain: random.pick(['gmail.com', 'outlook.com']),
      disposable: false,
    })
    for (let tries = random.integer(1, 2); tries > 0; tries -= 1) {
      const pay = {
        action: 'payment_attempt',
        source: 'app',
        currency: 'EUR',
        resource: 'checkout',
        amount: random.integer(100, 500),
      } as const
      const refused = random.chance(0.85)
        ? { status_id: 2, error_code: random.pick(['card_declined', 'incorrect_cvc', 'do_not_honor']) }
        : {}
      scene.say(timeMs + tries * 20 * second, { ...pay, card: `c${random.hex(12)}`, ...who, ...refused })
    }
  }
}

/** 23: paid-for SMS to many countries, a connection for each; the service's own country among them. */
export function pumping(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const proxy = proxiesOf(scene)
  const prefixes = random.sample(['+2376', '+9920', '+2609', '+6705', '+9647', '+4915', '+2349', '+7978'], fast ? 5 : 8)
  const count = fast ? random.integer(110, 170) : random.integer(210, 280)
  for (let i = 0; i < count; i += 1) {
    const timeMs = startMs + random.next() * (fast ? 60 * minute : 30 * hour)
    scene.say(timeMs, {
      action: 'otp_send',
      identifier: `i${random.hex(23)}`,
      phone_prefix: random.pick(prefixes),
      ...proxy(),
    })
  }
}

/** 28: fast, one log stops for an hour; slow, it stutters: of every forty minutes twenty-five are lost. */
export function silence(scene: Scene): void {
  const { random, pace, startMs } = scene
  const source = random.pick(
    pace === 'fast' ? (['supabase_edge', 'supabase_auth'] as const) : (['auth_hook', 'app'] as const),
  )
  scene.concerns('source', source)
  const toMs = startMs + (pace === 'fast' ? random.between(45, 80) * minute : 10 * hour)
  const lost = (timeMs: number): boolean => pace === 'fast' || (timeMs - startMs) % (40 * minute) < 25 * minute
  scene.distort({
    fromMs: startMs,
    toMs,
    change: (event) => (event.source === source && lost(event.time) ? undefined : event),
  })
}

/** 30: fast, two and a half times the usual for an hour; slow, connections that nobody gives back, one an hour more for four days. */
export function oddMetric(scene: Scene): void {
  const { random, pace, startMs } = scene
  const fast = pace === 'fast'
  const metric = fast ? random.pick(['api.latency_ms', 'db.connections']) : 'db.connections'
  const factor = random.between(2.3, 3)
  const toMs = startMs + (fast ? random.between(60, 90) * minute : 96 * hour)
  scene.concerns('stream', metric)
  scene.distort({
    fromMs: startMs,
    toMs,
    change: (event) => {
      if (event.metric !== metric || event.value === undefined) return event
      return { ...event, value: fast ? event.value * factor : event.value + Math.floor((event.time - startMs) / hour) }
    },
  })
}

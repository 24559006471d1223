import { prefixOf } from '../benign/occasions.ts'
import { hour, minute, second } from '../clock.ts'
import { deviceOf } from '../people.ts'
import { addressIn } from '../places.ts'
import { addressOf, networkOf, type Scene, toolOf } from './scene.ts'

/** 20: somebody writes to the webhook who has not the secret, or has only old letters. */
export function forgedWebhooks(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = addressOf(scene)
  const replays = random.chance(0.4)
  const gap = pace === 'fast' ? random.between(1, 20) * second : random.between(12, 35) * minute
  scene.concerns('endpoint', 'stripe')
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(6, 60) : random.integer(20, 40); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const why = replays ? random.pick(['replayed_id', 'timestamp_too_old', 'bad_signature']) : 'bad_signature'
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

/** 21: a list of stolen card numbers is tried with small sums. */
export function cardTesting(scene: Scene): void {
  const { random, pace, startMs } = scene
  const network = networkOf(scene, 'residential', 'vpn', 'hosting')
  const rotates = random.chance(0.5)
  const device = deviceOf(random, 'Chrome', 'browser')
  const user = `u${random.hex(23)}`
  const first = addressIn(network, random)
  scene.say(startMs, {
    action: 'signup',
    user_uid: user,
    email_domain: 'gmail.com',
    disposable: false,
    ...first,
    ...device,
  })
  const gap = pace === 'fast' ? random.between(3, 20) * second : random.between(8, 18) * minute
  let timeMs = startMs + minute
  for (let count = pace === 'fast' ? random.integer(30, 150) : random.integer(30, 60); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const refused = random.chance(0.82)
      ? { status_id: 2, error_code: random.pick(['card_declined', 'incorrect_cvc', 'expired_card']) }
      : {}
    const from = rotates && random.chance(0.3) ? addressIn(network, random) : first
    const attempt = {
      action: 'payment_attempt',
      source: 'app',
      currency: 'EUR',
      resource: 'checkout',
      amount: random.integer(50, 300),
    } as const
    scene.say(timeMs, { ...attempt, card: `c${random.hex(12)}`, user_uid: user, ...from, ...device, ...refused })
  }
}

/** 22: a machine opens accounts. */
export function fakeAccounts(scene: Scene): void {
  const { random, pace, startMs } = scene
  const base = addressOf(scene, 'hosting', 'residential', 'vpn')
  const tool = toolOf(scene)
  const subnet = base.src_ip.split('.').slice(0, 3).join('.')
  const throwaway = random.chance(0.5)
  const own = `mail-${random.hex(4)}.example`
  const gap = pace === 'fast' ? random.between(3, 25) * second : random.between(5, 12) * minute
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(30, 150) : random.integer(50, 90); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const from = random.chance(0.5) ? base : { ...base, src_ip: `${subnet}.${random.integer(1, 254)}` }
    const domain = throwaway
      ? random.pick(['mailinator.com', 'yopmail.com', 'tempmail.dev'])
      : random.pick([own, own, 'gmail.com'])
    const account = { user_uid: `u${random.hex(23)}`, email_domain: domain, disposable: throwaway } as const
    scene.say(timeMs, {
      action: 'signup',
      ...account,
      ...from,
      ua_family: tool.ua_family,
      ua_kind: tool.ua_kind,
      ja3: tool.ja3,
    })
  }
}

/** 23: codes are ordered for numbers that earn somebody money, or one victim is drowned in mails. */
export function pumping(scene: Scene): void {
  const { random, pace, startMs } = scene
  const network = networkOf(scene)
  const addresses = Array.from({ length: random.integer(1, 12) }, () => addressIn(network, random))
  const gap = pace === 'fast' ? random.between(3, 12) * second : random.between(2.5, 5) * minute
  const flood = random.chance(0.3)
  const target = `i${random.hex(23)}`
  const prefix = random.pick(['+88213', '+23276', '+99293', '+25290', prefixOf('')])
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(60, 250) : random.integer(100, 220); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const who = flood ? { identifier: target } : { identifier: `i${random.hex(23)}`, phone_prefix: prefix }
    scene.say(timeMs, {
      action: flood && random.chance(0.4) ? 'recovery_request' : 'otp_send',
      ...who,
      ...random.pick(addresses),
    })
  }
}

/** 25: who has an account here? The answers differ, so a list can be sorted. */
export function enumeration(scene: Scene): void {
  const { random, pace, startMs } = scene
  const from = { ...addressOf(scene), ...toolOf(scene) }
  const way = random.pick(['signup', 'recovery_request', 'user_lookup'] as const)
  const gap = pace === 'fast' ? random.between(0.5, 4) * second : random.between(50, 120) * second
  const code = way === 'signup' ? 'user_already_exists' : 'user_not_found'
  let timeMs = startMs
  for (let count = pace === 'fast' ? random.integer(60, 400) : random.integer(180, 320); count > 0; count -= 1) {
    timeMs += random.wait(gap)
    const hit = random.chance(way === 'signup' ? 0.3 : 0.8)
    const who = { identifier: `i${random.hex(23)}` }
    scene.say(timeMs, { action: way, ...(hit ? { status_id: 2, error_code: code } : {}), ...who, ...from })
  }
}

/** 28: a source falls silent, or what it says comes late. */
export function silence(scene: Scene): void {
  const { random, pace, startMs } = scene
  const source = random.pick(['hive', 'app', 'auth_hook'] as const)
  const toMs = startMs + (pace === 'fast' ? random.between(1.5, 4) : random.between(4, 8)) * hour
  scene.concerns('source', source)
  const lag = random.integer(900, 2_700)
  scene.distort({
    fromMs: startMs,
    toMs,
    change: (event) => {
      if (event.source !== source) return event
      return pace === 'fast' ? undefined : { ...event, lag_s: lag + random.integer(-60, 60) }
    },
  })
}

/** 30: a number leaves its habits, at once or creeping. */
export function oddMetric(scene: Scene): void {
  const { random, pace, startMs } = scene
  const metric = random.pick(['api.latency_ms', 'api.errors_5xx', 'db.connections', 'spend.sms'])
  const toMs = startMs + (pace === 'fast' ? random.between(0.75, 3) : random.between(18, 26)) * hour
  const factor = random.between(4, 9)
  const extra = metric === 'spend.sms' || metric === 'api.errors_5xx' ? 8 : 0
  scene.concerns('stream', metric)
  scene.distort({
    fromMs: startMs,
    toMs,
    change: (event) => {
      if (event.metric !== metric || event.value === undefined) return event
      const share = pace === 'fast' ? 1 : Math.min(1, (event.time - startMs) / (10 * hour))
      return { ...event, value: (event.value + extra * share) * (1 + (factor - 1) * share) }
    },
  })
}

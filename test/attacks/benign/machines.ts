import { activityAt, hour, minute, second } from '../clock.ts'
import { sources } from '../event-maker.ts'
import { deviceOf } from '../people.ts'
import { addressIn, type Network } from '../places.ts'
import { createRandom } from '../random.ts'
import type { Agenda } from './agenda.ts'

// The app's own programs do not change with the seed.
const fixed = createRandom(7)
const server = deviceOf(fixed, 'node', 'script')
const runner = deviceOf(fixed, 'node', 'script')
const crawler = deviceOf(fixed, 'Googlebot', 'bot')
const checker = deviceOf(fixed, 'UptimeCheck', 'bot')

/** Everything that runs by itself: service keys on the app's servers, nightly jobs, CI, customers' scripts, crawlers. */
export function machines(agenda: Agenda): void {
  const { town, random, dayIndex, dayMs, say } = agenda
  const edge = { source: 'supabase_edge', http_method: 'GET', status_code: 200 } as const

  const appKey = { api_key_id: 'sk_app', api_key_type: 'secret', ...server } as const
  for (let timeMs = dayMs + random.wait(6 * minute); timeMs < dayMs + 24 * hour; timeMs += random.wait(6 * minute)) {
    const call = { action: 'http_request', ...edge, ...appKey, ...random.pick(town.appServers) } as const
    say(timeMs, { ...call, path: '/rest/v1/tasks', resource: 'tasks', rows: random.integer(0, 40), bytes: 9_000 })
  }

  // Nightly: an export of everything that changed, and a cleaning of old rows.
  const night = dayMs + 2 * hour + random.between(0, 4) * minute
  const job = { source: 'app', ...appKey, ...(town.appServers[0] ?? {}) } as const
  const rows = Math.round(random.normal(22_000, 1_500))
  say(night, { action: 'data_export', ...job, resource: 'warehouse', rows, bytes: rows * 420 })
  const old = Math.round(random.normal(3_000, 500))
  say(night + 20 * minute, { action: 'data_delete', ...job, resource: 'expired_sessions', rows: Math.max(500, old) })

  // CI from rented machines: another address each time, always the same two providers' networks.
  if (dayIndex % 7 < 5) {
    for (let runs = random.integer(4, 14); runs > 0; runs -= 1) {
      const from = addressIn(random.pick(town.ciNetworks as readonly Network[]), random)
      let timeMs = dayMs + random.between(8, 19) * hour
      for (let i = random.integer(6, 30); i > 0; i -= 1) {
        timeMs += random.wait(2 * second)
        const limited = random.chance(0.03)
          ? { status_id: 2, status_code: 429, error_code: 'over_request_rate_limit' }
          : {}
        const call = {
          action: 'http_request',
          ...edge,
          api_key_id: 'sk_ci',
          api_key_type: 'secret',
          ...runner,
        } as const
        say(timeMs, { ...call, ...from, path: '/rest/v1/fixtures', resource: 'fixtures', rows: 3, ...limited })
      }
    }
  }

  for (const [index, key] of town.customerKeys.entries()) {
    const mean = (index % 3 === 0 ? 20 : 70) * minute
    for (let timeMs = dayMs + random.wait(mean); timeMs < dayMs + 24 * hour; timeMs += random.wait(mean)) {
      const call = { action: 'http_request', ...edge, api_key_id: key.id, api_key_type: 'user', ...key.device } as const
      const amount = Math.round(random.skewed(60, 0.7))
      say(timeMs, {
        ...call,
        ...random.pick(key.from),
        path: '/v1/tasks',
        resource: 'tasks',
        rows: amount,
        bytes: amount * 400,
      })
    }
  }

  // A search engine reads the public pages, an uptime service asks every ten minutes.
  const crawlNetwork = town.home.filter(({ type }) => type === 'business')[5] as Network
  const crawlFrom = { ...addressIn(crawlNetwork, createRandom(dayIndex)), ...crawler }
  for (let timeMs = dayMs + random.wait(5 * minute); timeMs < dayMs + 24 * hour; timeMs += random.wait(5 * minute)) {
    const gone = random.chance(0.06)
    const answer = gone
      ? { status_id: 2, status_code: 404, path: `/old/page-${random.integer(1, 40)}` }
      : { path: '/blog/:slug' }
    say(timeMs, { action: 'http_request', ...edge, ...crawlFrom, object_id: `p${random.integer(1, 400)}`, ...answer })
  }
  const check = {
    ...addressIn(town.home.filter(({ type }) => type === 'hosting')[4] as Network, createRandom(5)),
    ...checker,
  }
  for (let i = 0; i < 144; i += 1) {
    say(dayMs + i * 10 * minute + random.between(0, 2) * second, {
      action: 'http_request',
      ...edge,
      ...check,
      path: '/health',
    })
  }
}

/** Signs of life and metrics: what rules about silence and odd numbers live on. */
export function telemetry(agenda: Agenda): void {
  const { random, dayIndex, dayMs, say } = agenda
  for (const [index, source] of sources.entries()) {
    for (let i = 0; i < 288; i += 1) {
      const lag = random.chance(0.02) ? random.integer(5, 90) : random.integer(0, 4)
      say(dayMs + i * 5 * minute + index * 7 * second + random.between(0, 3) * second, {
        action: 'heartbeat',
        source,
        lag_s: lag,
      })
    }
  }
  for (let i = 0; i < 288; i += 1) {
    const timeMs = dayMs + i * 5 * minute + 40 * second
    const busy = (activityAt(timeMs, 1) + 0.4 * activityAt(timeMs, -6)) * (dayIndex % 7 < 5 ? 1 : 0.45)
    const values = metricsAt(busy, random)
    for (const [metric, value] of Object.entries(values))
      say(timeMs, { action: 'metric', source: 'app', metric, value })
  }
}

function metricsAt(busy: number, random: Agenda['random']): Readonly<Record<string, number>> {
  return {
    'api.latency_ms': random.skewed(55 + 40 * busy, 0.12),
    'api.errors_5xx': random.poisson(0.4 + 0.8 * busy),
    'db.connections': Math.round(random.normal(12 + 25 * busy, 2)),
    'spend.sms': random.poisson(2 * busy) * 6,
  }
}

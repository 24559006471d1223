import { hour, minute, second } from '../../clock.ts'
import { deviceOf, networksOf } from '../../people.ts'
import { addressIn } from '../../places.ts'
import { createRandom } from '../../random.ts'
import { readOf } from '../means.ts'
import { type LookAlike, networkNumber } from './look-alike.ts'

// The device of the app's servers, as benign/machines.ts makes it.
const server = deviceOf(createRandom(7), 'node', 'script')

/** The app was down; Stripe delivers what was left, all at once. */
const stripeAfterOutage: LookAlike = {
  name: "Stripe's retries after an outage",
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    const network = networksOf(town.home, 'hosting')[9] ?? networkNumber(50, 'hosting')
    const letter = { action: 'webhook_delivery', source: 'hive', resource: 'stripe' } as const
    const down = { status_id: 2, status_code: 503, error_code: 'unavailable' } as const
    for (let i = 0; i < 40; i += 1)
      say(dayMs + 14 * hour + random.next() * 50 * minute, { ...letter, ...down, ...addressIn(network, random) })
    for (let i = 0; i < 120; i += 1)
      say(dayMs + 15 * hour + random.next() * 10 * minute, { ...letter, ...addressIn(network, random) })
    // Clocks have drifted over the outage: a few letters are too old.
    for (let i = 0; i < 2; i += 1)
      say(dayMs + 15 * hour + random.next() * 10 * minute, {
        ...letter,
        status_id: 2,
        error_code: 'timestamp_too_old',
        ...addressIn(network, random),
      })
  },
}

/** More servers for a busy afternoon: the same cloud, addresses never seen. */
const moreServers: LookAlike = {
  name: 'more app servers',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    const cloud = town.home.find(({ asn }) => asn === town.appServers[0]?.asn)
    if (cloud === undefined) return
    const added = Array.from({ length: 3 }, () => addressIn(cloud, random))
    for (let i = 0; i < 150; i += 1) {
      const self = { api_key_id: 'sk_app', api_key_type: 'secret', ...server, ...random.pick(added) } as const
      say(dayMs + 13 * hour + random.next() * 4 * hour, { ...readOf({}, 'tasks', random.integer(0, 40)), ...self })
    }
  },
}

/** A customer moves to another cloud: the same key, the same program, a network never seen. */
const customerMoves: LookAlike = {
  name: 'a customer changes clouds',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    const key = random.pick(town.customerKeys)
    const from = addressIn(networkNumber(51, 'hosting'), random)
    for (let i = 0; i < 40; i += 1) {
      const call = {
        action: 'http_request',
        source: 'supabase_edge',
        http_method: 'GET',
        status_code: 200,
        api_key_id: key.id,
        api_key_type: 'user',
      } as const
      say(dayMs + 10 * hour + random.next() * 12 * hour, {
        ...call,
        ...key.device,
        ...from,
        path: '/v1/tasks',
        resource: 'tasks',
        rows: 60,
        bytes: 24_000,
      })
    }
  },
}

/** A migration drops policies and makes them anew, as migrations of such projects do. The log tells only of the first half. */
const migration: LookAlike = {
  name: 'a migration of policies',
  when: 'wednesdays',
  play: ({ random, town, dayMs, say }) => {
    const from = addressIn(random.pick(town.ciNetworks), random)
    const statement = {
      action: 'config_change',
      source: 'supabase_postgres',
      data: { db_role: 'postgres' },
      ...from,
    } as const
    const startMs = dayMs + random.between(9, 16) * hour
    for (let i = random.integer(2, 6); i > 0; i -= 1)
      say(startMs + i * 0.2 * second, { ...statement, resource: 'policy dropped' })
  },
}

export const serversAndLetters: readonly LookAlike[] = [stripeAfterOutage, moreServers, customerMoves, migration]

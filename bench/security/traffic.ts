import { type SecurityEvent, status } from '../../bees/security/events/event.ts'

/** What a small SaaS does all day, with a little of what is done to it. */
export interface TrafficOptions {
  readonly seed: number
  readonly accounts: number
  /** Events a second of event time. */
  readonly perSecond: number
  readonly fromMs: number
}

const agents = ['Chrome', 'Firefox', 'Safari', 'Edge', 'okhttp'] as const
const tables = ['orders', 'profiles', 'messages', 'projects', 'files', 'invoices', 'events', 'notes'] as const

/** Events one after the other, by time. Deterministic by its seed. */
export function* traffic(options: TrafficOptions): Generator<SecurityEvent, never> {
  const { seed, accounts, perSecond, fromMs } = options
  let state = seed >>> 0
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0]
  for (let n = 0; ; n += 1) {
    const time = fromMs + Math.floor((n * 1000) / perSecond)
    // Some people are there all day, most now and then.
    const account = Math.floor(accounts * random() ** 2)
    // Offices and carriers: ten people share an address.
    const place = Math.floor(account / 10)
    const address = `${11 + (place >> 16)}.${(place >> 8) & 255}.${place & 255}.7`
    const person = {
      ...{ id: `e${n.toString(36)}`, tenant: 'bench', time, user_uid: `u${account}`, account: `u${account}` },
      ...{ src_ip: address, src_net: address.replace(/\.7$/, '.0/24'), asn: 1000 + (place % 50), country: 'SE' },
      ...{ ua_family: agents[account % agents.length] ?? agents[0], ua_kind: 'browser' as const },
      ...{ session_uid: `s${account}`, device: `d${account}` },
    }
    const kind = random()
    if (kind < 0.72) {
      const table = pick(tables)
      yield {
        ...person,
        ...{ source: 'supabase_edge', class_uid: 4002, activity_id: 2, action: 'http_request' },
        ...{ status_id: status.success, status_code: random() < 0.97 ? 200 : 404, http_method: 'GET' },
        ...{
          path: `/rest/v1/${table}`,
          resource: table,
          object_id: `o${below(500)}`,
          rows: below(40),
          bytes: below(20_000),
        },
      }
    } else if (kind < 0.86) {
      yield {
        ...person,
        ...{
          source: 'supabase_auth',
          class_uid: 3002,
          activity_id: 1,
          action: 'token_refresh',
          status_id: status.success,
        },
        aal: 'aal1',
      }
    } else if (kind < 0.92) {
      yield {
        ...person,
        ...{ source: 'postgres', class_uid: 6005, activity_id: 2, action: 'data_read', status_id: status.success },
        ...{ resource: pick(tables), rows: below(100), bytes: below(50_000) },
      }
    } else if (kind < 0.975) {
      const failed = random() < 0.08
      yield {
        ...person,
        ...{ source: 'supabase_auth', class_uid: 3002, activity_id: 1, action: 'login', auth_method: 'password' },
        status_id: failed ? status.failure : status.success,
        ...(failed ? { error_code: 'invalid_credentials' } : {}),
      }
    } else if (kind < 0.99) {
      yield {
        ...person,
        ...{ source: 'supabase_auth', class_uid: 3001, activity_id: 1, action: random() < 0.5 ? 'otp_send' : 'signup' },
        ...{ status_id: status.success, email_domain: 'example.com', identifier: `i${account}` },
      }
    } else {
      // Somebody who guesses, from one of a few addresses.
      const source = below(5)
      const victim = `u${below(400)}`
      yield {
        ...{ id: `e${n.toString(36)}`, tenant: 'bench', time, user_uid: victim, account: victim },
        ...{
          src_ip: `203.0.113.${source}`,
          src_net: '203.0.113.0/24',
          asn: 64_500,
          country: 'NL',
          network_type: 'hosting',
        },
        ...{ source: 'supabase_auth', class_uid: 3002, activity_id: 1, action: 'login', status_id: status.failure },
        ...{ auth_method: 'password', error_code: 'invalid_credentials', ua_family: 'curl', ua_kind: 'script' },
      }
    }
  }
}

import { type SecurityEvent, status } from '../../../../bees/security/events/event.ts'
import { adminQuery, type SeededRandom, type TestDatabase } from '../../../support/index.ts'

const minuteMs = 60_000

/** Two hours ago, on the minute: events of the past, so that no clock plays a part. */
export const beginOf = (nowMs: number): number => nowMs - (nowMs % minuteMs) - 120 * minuteMs

/** Sign-ins of people, with some who guess: of one account from one address, and of many accounts from another. */
export function signIns(random: SeededRandom, tenant: string, count: number, fromMs: number): SecurityEvent[] {
  return Array.from({ length: count }, (_, n) => {
    const kind = random.integer(0, 9)
    const user = kind === 0 ? 'u-victim' : `u-${random.integer(1, 40)}`
    const address = kind === 0 ? '203.0.113.66' : kind === 1 ? '198.51.100.9' : `192.0.2.${random.integer(1, 40)}`
    const failed = kind <= 1 || random.boolean(0.05)
    return {
      id: `${tenant}-${n}-${random.integer(0, 1e9).toString(36)}`,
      ...{ tenant, source: 'supabase_auth', class_uid: 3002, activity_id: 1, action: 'login' as const },
      time: fromMs + Math.floor((n * 60 * minuteMs) / count) + random.integer(0, 200),
      status_id: failed ? status.failure : status.success,
      ...(failed ? { error_code: 'invalid_credentials' } : {}),
      ...{ user_uid: user, account: user, src_ip: address, auth_method: 'password' },
    }
  })
}

/** Puts events where the ways in put them. */
export async function queue(database: TestDatabase, events: readonly unknown[], tenant = 'acme'): Promise<void> {
  await adminQuery(
    database.url,
    `insert into security.inbox (tenant, time_ms, event)
     select $1, coalesce((e ->> 'time')::bigint, 0), e from jsonb_array_elements($2::jsonb) as e`,
    [tenant, JSON.stringify(events)],
  )
}

/** Everything that an analysis leaves behind but clocks and the order of writing. */
export async function remains(database: TestDatabase) {
  const rows = (sql: string) => adminQuery(database.url, sql)
  return {
    // What has expired says nothing, whether it has been taken away or not.
    states: await rows(
      `select s.tenant, s.key, s.state::text, s.expires_ms from security.states as s
       join security.versions as v on v.tenant = s.tenant and s.expires_ms > v.watermark_ms order by 1, 2`,
    ),
    findings: await rows('select tenant, key, incident, time_ms, finding::text from security.findings order by 1, 2'),
    incidents: await rows(
      `select tenant, id, status, severity, until_ms, (incident - 'change' - 'wants')::text as incident
       from security.incidents order by 1, 2`,
    ),
    points: await rows('select tenant, stream, time_ms, value from security.points order by 1, 2, 3'),
    streams: await rows(
      'select tenant, stream, state::text, version, last_ms, points, late, learning, anomaly::text from security.streams order by 1, 2',
    ),
    versions: await rows('select tenant, watermark_ms, events from security.versions order by 1'),
    alerts: await rows(
      `select a.tenant, a.incident, a.status, a.severity from security.alerts as a
       join security.incidents as i on i.tenant = a.tenant and i.id = a.incident order by 1, 2`,
    ),
    inbox: await rows('select tenant, seq from security.inbox order by 1, 2'),
    aside: await rows('select tenant, reason from security.set_aside order by 1, 2'),
  }
}

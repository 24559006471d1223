import { hour, minute, second, timeOfDayMs, weekdayFactor } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { type Device, deviceOf, networksOf, type Person } from '../people.ts'
import { addressIn, type Vantage } from '../places.ts'
import type { Agenda } from './agenda.ts'
import { isTravelling } from './occasions.ts'
import { expiredToken, refresh, signIn } from './sign-in.ts'

const tables = ['projects', 'tasks', 'comments', 'members', 'invoices'] as const

interface Client {
  readonly from: Vantage
  readonly device: Device
}

/** Where somebody is and with what, at this time. */
function clientOf(agenda: Agenda, person: Person, startMs: number): Client {
  const { random, town } = agenda
  if (random.chance(0.01)) person.homeAddress = addressIn(person.home, random)
  const journey = person.journey
  if (journey !== undefined && startMs >= journey.fromMs && startMs < journey.toMs) {
    // Telephones abroad go through the provider at home; that is how roaming works.
    if (random.chance(0.3)) return { from: addressIn(person.mobile, random), device: person.phone }
    return { from: addressIn(journey.network, random), device: person.desktop }
  }
  if (person.habit === 'office') {
    const local = (((startMs / hour + person.utcOffsetHours) % 24) + 24) % 24
    if (agenda.dayIndex % 7 < 5 && local >= 7 && local < 18) return { from: town.office, device: person.desktop }
  }
  if (person.habit === 'vpn' && random.chance(0.7)) {
    const exits = networksOf(town.home, 'vpn')
    return { from: addressIn(random.pick(exits), random), device: person.desktop }
  }
  if (person.habit === 'relay') {
    const exits = networksOf(town.home, 'relay').filter((network) => network.city.country === person.home.city.country)
    return { from: addressIn(random.pick(exits), random), device: person.phone }
  }
  const onPhone = random.chance(person.habit === 'commuter' || person.habit === 'contacts_sync' ? 0.7 : 0.35)
  if (!onPhone) return { from: person.homeAddress, device: person.desktop }
  return { from: random.chance(0.6) ? addressIn(person.mobile, random) : person.homeAddress, device: person.phone }
}

/** One request of a signed-in browser or app to the API. */
export function request(person: Person, { from, device }: Client, session: string, more: Partial<Draft>): Draft {
  return {
    action: 'http_request',
    source: 'supabase_edge',
    http_method: 'GET',
    status_code: 200,
    user_uid: person.uid,
    session_uid: session,
    api_key_id: 'pk_web',
    api_key_type: 'publishable',
    has_referer: device.ua_kind === 'browser',
    ...from,
    ...device,
    ...more,
  }
}

function browse(agenda: Agenda, person: Person, first: Client, session: string, startMs: number): void {
  const { random, say } = agenda
  let client = first
  let timeMs = startMs
  const count = Math.min(40, Math.round(random.skewed(6, 0.6)))
  for (let i = 0; i < count; i += 1) {
    timeMs += random.wait(25 * second) + second
    // On the move the address changes in the middle of a visit.
    if (client.from.network_type === 'mobile' && random.chance(0.06)) {
      client = { from: addressIn(person.mobile, random), device: client.device }
      if (random.chance(0.1)) refresh(agenda, person, client.from, client.device, timeMs - 100)
    }
    const table = random.pick(tables)
    const u = random.next()
    if (u < 0.5) {
      // Many lists are empty: no comments yet, nothing to do.
      const rows = random.chance(0.2) ? 0 : Math.round(random.skewed(15, 0.8))
      say(
        timeMs,
        request(person, client, session, { path: `/rest/v1/${table}`, resource: table, rows, bytes: rows * 300 }),
      )
    } else if (u < 0.8) {
      const id = random.integer(1, 90_000)
      const gone = random.chance(0.02)
      const what = { path: `/rest/v1/${table}/:id`, resource: table, object_id: String(id), object_number: id }
      const answer = gone ? { status_id: 2, status_code: 404, rows: 0 } : { rows: 1, bytes: 700 }
      say(timeMs, request(person, client, session, { ...what, ...answer }))
    } else if (u < 0.94) {
      say(
        timeMs,
        request(person, client, session, { action: 'data_write', http_method: 'POST', resource: table, rows: 1 }),
      )
    } else if (u < 0.96) {
      say(
        timeMs,
        request(person, client, session, { action: 'data_delete', http_method: 'DELETE', resource: table, rows: 1 }),
      )
    } else {
      const file = { action: 'data_read', resource: 'files', object_id: `f${random.hex(8)}`, rows: 1 } as const
      say(timeMs, request(person, client, session, { ...file, bytes: Math.round(random.skewed(200_000, 1)) }))
    }
  }
  if (random.chance(0.0015)) {
    // The app shows a button that this person may not press.
    const refused = { source: 'supabase_edge', status_id: 2, status_code: 403, error_code: '42501' } as const
    for (let i = random.integer(1, 4); i > 0; i -= 1) {
      timeMs += random.between(2, 9) * second
      say(timeMs, {
        ...request(person, client, session, {}),
        action: 'access_denied',
        ...refused,
        resource: 'invoices',
      })
    }
  }
  if (random.chance(0.001)) {
    // A client that repeats too eagerly until its back-off bites.
    for (let i = random.integer(3, 12); i > 0; i -= 1) {
      timeMs += random.between(0.5, 6) * second
      const limited = {
        status_id: 2,
        status_code: 429,
        error_code: 'over_request_rate_limit',
        path: '/rest/v1/tasks',
      } as const
      say(timeMs, request(person, client, session, limited))
    }
  }
}

/** Address books ask for everybody by id and miss often; albums load many pictures at once. */
function loadMany(agenda: Agenda, person: Person, client: Client, session: string, startMs: number): void {
  const { random, say } = agenda
  const contacts = person.habit === 'contacts_sync'
  const count = contacts ? random.integer(40, 140) : random.integer(50, 140)
  let timeMs = startMs
  for (let i = 0; i < count; i += 1) {
    timeMs += contacts ? random.wait(2.5 * second) : random.wait(0.8 * second)
    const missing = random.chance(contacts ? 0.45 : 0.04)
    const answer = missing ? { status_id: 2, status_code: 404, rows: 0 } : { rows: 1, bytes: contacts ? 400 : 60_000 }
    const path = contacts ? '/rest/v1/contacts/:id' : '/storage/v1/object/album/:object'
    const resource = contacts ? 'contacts' : 'album'
    say(timeMs, request(person, client, session, { path, resource, object_id: `c${random.hex(10)}`, ...answer }))
  }
}

function visit(agenda: Agenda, person: Person, startMs: number): void {
  const { random, say } = agenda
  if (random.chance(0.0004)) person.phone = deviceOf(random, random.pick(['Safari', 'Chrome', 'AcmeApp']), 'app')
  const client = clientOf(agenda, person, startMs)
  const { from, device } = client
  if (person.sessions.has(device.device) && random.chance(0.002))
    expiredToken(agenda, person, from, device, startMs - minute)
  let timeMs = startMs
  if (!person.sessions.has(device.device) || random.chance(0.1)) {
    timeMs = signIn(agenda, person, from, device, startMs)
  } else refresh(agenda, person, from, device, startMs)
  const session = person.sessions.get(device.device)
  if (session === undefined) return
  browse(agenda, person, client, session, timeMs)
  if ((person.habit === 'contacts_sync' || person.habit === 'photo_album') && random.chance(0.3)) {
    loadMany(agenda, person, client, session, timeMs + minute)
  }
  const self = { user_uid: person.uid, session_uid: session, ...from, ...device } as const
  const later = timeMs + random.between(2, 8) * minute
  if (random.chance(0.0006)) say(later, { action: 'password_change', ...self })
  if (random.chance(0.0003)) say(later, { action: 'email_change', ...self })
  if (random.chance(0.0005) && !person.mfa) say(later, { action: 'factor_add', ...self })
  if (random.chance(0.0006))
    say(later, { action: 'data_export', source: 'app', ...self, resource: 'own_data', rows: random.integer(50, 900) })
  if (random.chance(0.05)) {
    say(later + minute, { action: 'logout', ...self })
    person.sessions.delete(device.device)
  }
}

/** All visits of one day of everybody. */
export function visits(agenda: Agenda): void {
  const { town, random, dayIndex, dayMs } = agenda
  for (const person of town.people) {
    if (person.habit === 'dormant') continue
    const mean = person.visitsPerDay * weekdayFactor(dayIndex) * (person.habit === 'office' ? 1.5 : 1)
    for (let count = random.poisson(mean); count > 0; count -= 1) {
      const local =
        person.habit === 'office' && random.chance(0.6)
          ? 9 * hour + random.wait(20 * minute)
          : timeOfDayMs(random.next())
      const startMs = dayMs + Math.max(0, local - person.utcOffsetHours * hour)
      if (!isTravelling(person.journey, startMs)) visit(agenda, person, startMs)
    }
  }
}

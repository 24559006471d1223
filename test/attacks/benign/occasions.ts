import { hour, minute, second, timeOfDayMs } from '../clock.ts'
import { deviceOf, networksOf } from '../people.ts'
import { addressIn } from '../places.ts'
import type { Agenda } from './agenda.ts'
import { signIn } from './sign-in.ts'

const mailDomains = [
  'gmail.com',
  'gmail.com',
  'gmail.com',
  'outlook.com',
  'icloud.com',
  'gmx.net',
  'proton.me',
] as const

/** Somebody new; `from` is where, absent: at home or on the move. */
export function signUp(agenda: Agenda, timeMs: number, shared?: ReturnType<typeof addressIn>): void {
  const { random, town, say } = agenda
  const from =
    shared ??
    addressIn(
      random.pick(random.chance(0.6) ? networksOf(town.home, 'residential') : networksOf(town.home, 'mobile')),
      random,
    )
  const device = deviceOf(random, random.pick(['Chrome', 'Safari', 'Firefox', 'Edge']), 'browser')
  const own = random.chance(0.3)
  const domain = own ? `firm${random.integer(1, 5_000)}.example` : random.pick(mailDomains)
  const disposable = random.chance(0.015)
  const mail = { email_domain: disposable ? 'mailinator.com' : domain, disposable }
  if (random.chance(0.03)) {
    say(timeMs - minute, {
      action: 'signup',
      status_id: 2,
      error_code: 'user_already_exists',
      identifier: `i${random.hex(23)}`,
      ...from,
      ...device,
    })
    return
  }
  const uid = `u${random.hex(23)}`
  say(timeMs, { action: 'signup', user_uid: uid, ...mail, ...from, ...device })
  const session = { session_uid: `s${random.hex(23)}`, auth_method: 'password', aal: 'aal1' } as const
  say(timeMs + random.between(1, 6) * minute, { action: 'login', user_uid: uid, ...session, ...from, ...device })
}

/** New customers every day; now and then a campaign brings hundreds in three hours, some behind one address. */
export function signUps(agenda: Agenda): void {
  const { random, town, dayIndex, dayMs } = agenda
  const size = town.people.length / 1000
  for (let count = random.poisson(8 * size + 2); count > 0; count -= 1)
    signUp(agenda, dayMs + timeOfDayMs(random.next()))
  if (dayIndex % 10 !== 8) return
  const start = dayMs + random.between(9, 15) * hour
  for (let count = Math.round(300 * size + 40); count > 0; count -= 1) signUp(agenda, start + random.wait(50 * minute))
  // Visitors of a fair share its network.
  const hall = addressIn(networksOf(town.home, 'business')[1] ?? (agenda.town.home[0] as never), random)
  for (let count = random.integer(6, 12); count > 0; count -= 1)
    signUp(agenda, start + random.between(0, 150) * minute, hall)
}

/** Card payments with their ordinary refusals, and renewals by the server at night. */
export function payments(agenda: Agenda): void {
  const { random, town, dayMs, dayIndex, say } = agenda
  const base = { action: 'payment_attempt', source: 'app', currency: 'EUR', resource: 'checkout' } as const
  for (const [index, person] of town.people.entries()) {
    if (!person.pays || person.habit === 'dormant') continue
    if ((index + dayIndex) % 30 === 0) {
      const refused = random.chance(0.12)
      const renewal = {
        ...base,
        resource: 'renewal',
        user_uid: person.uid,
        card: `c${person.uid.slice(1, 12)}`,
        amount: 2_900,
      }
      say(
        dayMs + 3 * hour + random.between(0, 10) * minute,
        refused ? { ...renewal, status_id: 2, error_code: 'card_declined' } : renewal,
      )
    }
    if (!random.chance(0.012)) continue
    let timeMs = dayMs + timeOfDayMs(random.next())
    const own = {
      ...base,
      user_uid: person.uid,
      ...person.homeAddress,
      ...person.desktop,
      amount: random.pick([900, 2_900, 9_900, 29_000]),
    }
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const refused = random.chance(attempt === 0 ? 0.1 : 0.35)
      const card = `c${person.uid.slice(1, 12)}${attempt > 1 ? 'b' : ''}`
      say(timeMs, { ...own, card, ...(refused ? { status_id: 2, error_code: 'card_declined' } : {}) })
      if (!refused) break
      timeMs += random.between(20, 120) * second
    }
  }
  for (let count = random.poisson(30); count > 0; count -= 1) {
    const from = addressIn(networksOf(town.home, 'hosting')[9] ?? (town.home[6] as never), random)
    say(dayMs + timeOfDayMs(random.next()), { action: 'webhook_delivery', source: 'hive', resource: 'stripe', ...from })
  }
  if (random.chance(0.15)) {
    // A secret was changed and the old one is used once more.
    const from = addressIn(networksOf(town.home, 'hosting')[9] ?? (town.home[6] as never), random)
    say(dayMs + 11 * hour, {
      action: 'webhook_delivery',
      source: 'hive',
      resource: 'stripe',
      status_id: 2,
      error_code: 'bad_signature',
      ...from,
    })
  }
}

/** Administrators at work, always after a sign-in with their second factor; harmless changes of settings. */
export function administration(agenda: Agenda): void {
  const { random, town, dayMs, dayIndex, say } = agenda
  if (dayIndex % 7 >= 5) return
  for (const admin of town.admins) {
    if (!random.chance(0.6)) continue
    const start = dayMs + random.between(8, 15) * hour
    let timeMs = signIn(agenda, admin, town.office, admin.desktop, start)
    const session = admin.sessions.get(admin.desktop.device)
    const own = {
      source: 'app',
      actor_uid: admin.uid,
      user_uid: admin.uid,
      is_admin: true,
      ...town.office,
      ...admin.desktop,
      aal: 'aal2',
    } as const
    const acting = session === undefined ? own : { ...own, session_uid: session }
    for (let count = random.integer(2, 10); count > 0; count -= 1) {
      timeMs += random.wait(40 * second)
      say(timeMs, {
        action: 'admin_call',
        ...acting,
        resource: random.pick(['users.list', 'users.get', 'orders.refund', 'flags.get']),
      })
    }
    const soon = timeMs + minute
    if (random.chance(0.08)) {
      const other = random.pick(town.people).uid
      say(soon, { action: 'role_grant', ...acting, user_uid: other, role: 'editor', is_admin: false })
    }
    if (random.chance(0.12)) {
      const what = random.pick([
        'site_url',
        'email_template',
        'smtp_sender',
        'redirect_urls',
        'theme',
        'rls_enabled',
        'policy_created',
      ])
      say(soon + minute, { action: 'config_change', ...acting, resource: what, object_id: 'project' })
    }
    for (let count = random.chance(0.15) ? random.integer(1, 4) : 0; count > 0; count -= 1) {
      say(soon + count * 40 * second, {
        action: 'user_delete',
        ...acting,
        user_uid: `u${random.hex(23)}`,
        is_admin: false,
      })
    }
  }
  // Finance takes its figures on Mondays, from the office.
  const clerk = town.people[5]
  if (dayIndex % 7 === 0 && clerk !== undefined) {
    const rows = Math.round(random.normal(6_500, 600))
    const own = { source: 'app', user_uid: clerk.uid, ...town.office, ...clerk.desktop } as const
    say(dayMs + random.between(8, 10) * hour, {
      action: 'data_export',
      ...own,
      resource: 'invoices',
      rows,
      bytes: rows * 300,
    })
  }
}

/** Codes by mail and SMS, with people who press the button again. */
export function codes(agenda: Agenda): void {
  const { random, town, dayMs, say } = agenda
  for (let count = random.poisson(25 * (town.people.length / 1000) + 2); count > 0; count -= 1) {
    const person = random.pick(town.people)
    let timeMs = dayMs + timeOfDayMs(random.next())
    const sms = random.chance(0.4) ? { phone_prefix: prefixOf(person.home.city.country) } : {}
    for (let tries = random.chance(0.12) ? random.integer(2, 4) : 1; tries > 0; tries -= 1) {
      say(timeMs, { action: 'otp_send', user_uid: person.uid, ...sms, ...person.homeAddress })
      timeMs += random.between(40, 150) * second
    }
  }
  for (let count = random.poisson(2); count > 0; count -= 1) {
    // A mistyped address.
    const from = random.pick(town.people).homeAddress
    const unknown = { status_id: 2, error_code: 'user_not_found', identifier: `i${random.hex(23)}` } as const
    say(dayMs + timeOfDayMs(random.next()), { action: 'recovery_request', ...unknown, ...from })
  }
}

const prefixes: Readonly<Record<string, string>> = {
  DE: '+4915',
  AT: '+4366',
  FR: '+336',
  GB: '+447',
  US: '+1415',
  IN: '+9198',
  BR: '+5511',
  JP: '+8190',
}
export const prefixOf = (country: string): string => prefixes[country] ?? '+88'

/** People who come back after months, and people who travel. */
export function comings(agenda: Agenda): void {
  const { random, town, dayIndex, dayMs, say } = agenda
  for (const person of town.people) {
    if (person.habit !== 'dormant' || !random.chance(0.008)) continue
    // One in six has moved, or has another provider.
    const near = networksOf(town.home, 'residential').filter(({ city }) => city.country === person.home.city.country)
    const from = random.chance(0.16) ? addressIn(random.pick(near), random) : addressIn(person.home, random)
    const startMs = dayMs + timeOfDayMs(random.next())
    signIn(agenda, person, from, person.desktop, startMs)
    const session = person.sessions.get(person.desktop.device)
    if (session === undefined) continue
    const own = {
      source: 'supabase_edge',
      http_method: 'GET',
      status_code: 200,
      user_uid: person.uid,
      session_uid: session,
    } as const
    say(startMs + 9 * minute, {
      action: 'http_request',
      ...own,
      ...from,
      ...person.desktop,
      path: '/rest/v1/projects',
      resource: 'projects',
      rows: 4,
    })
  }
  if (dayIndex % 7 === 1) {
    // Some travel: hours in the air are hours without a visit, so nothing is faster than a plane.
    for (const person of random.sample(
      town.people.filter(({ habit }) => habit === 'plain'),
      4,
    )) {
      const far = networksOf(town.home, 'business').filter(({ city }) => city.country !== person.home.city.country)
      const fromMs = dayMs + 30 * hour
      person.journey = { fromMs, toMs: fromMs + 60 * hour, network: random.pick(far) }
    }
  }
}

/** Whether somebody is in the air (or on the way to it): then there is no visit. */
export function isTravelling(
  journey: { readonly fromMs: number; readonly toMs: number } | undefined,
  timeMs: number,
): boolean {
  if (journey === undefined) return false
  const near = (moment: number): boolean => timeMs > moment - 16 * hour && timeMs < moment
  return near(journey.fromMs) || (timeMs >= journey.toMs && timeMs < journey.toMs + 16 * hour)
}

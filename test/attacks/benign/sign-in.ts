import { hour, minute, second } from '../clock.ts'
import type { Device, Person } from '../people.ts'
import type { Vantage } from '../places.ts'
import type { Agenda } from './agenda.ts'

export const wrongPassword = {
  source: 'auth_hook',
  action: 'login',
  status_id: 2,
  error_code: 'invalid_credentials',
  auth_method: 'password',
} as const

/** How often the password is wrong before it is right, and whether somebody gives up and has it reset. */
function failuresOf(agenda: Agenda, person: Person): { readonly count: number; readonly resets: boolean } {
  const { random } = agenda
  if (person.staleManager && random.chance(0.12)) return { count: random.integer(4, 8), resets: random.chance(0.6) }
  if (!random.chance(person.typos)) return { count: 0, resets: false }
  const u = random.next()
  if (u < 0.85) return { count: 1, resets: false }
  return u < 0.97 ? { count: random.integer(2, 3), resets: random.chance(0.3) } : { count: 5, resets: true }
}

/**
 * Somebody signs in: wrong passwords first perhaps, a second factor where there is one.
 * @returns when they are in
 */
export function signIn(agenda: Agenda, person: Person, from: Vantage, device: Device, startMs: number): number {
  const { random, say } = agenda
  const who = { user_uid: person.uid, ...(person.isAdmin ? { is_admin: true } : {}) }
  let timeMs = startMs
  if (random.chance(0.01)) {
    const unknown = { identifier: `i${random.hex(23)}`, ...from, ua_family: device.ua_family, ua_kind: device.ua_kind }
    say(timeMs, { ...wrongPassword, source: 'supabase_auth', ...unknown })
    timeMs += random.between(8, 40) * second
  }
  const { count, resets } = failuresOf(agenda, person)
  const quick = person.staleManager && count > 3
  for (let i = 0; i < count; i += 1) {
    say(timeMs, { ...wrongPassword, ...who, ...from })
    timeMs += (quick ? random.between(1, 12) : random.between(5, 30)) * second
  }
  if (resets) {
    say(timeMs, { action: 'recovery_request', ...who, ...from })
    // Mails are late, people are impatient.
    if (random.chance(0.25))
      say(timeMs + random.between(1, 3) * minute, { action: 'recovery_request', ...who, ...from })
    timeMs += random.between(3, 9) * minute
  }
  const session = `s${random.hex(23)}`
  person.sessions.set(device.device, session)
  const login = { ...who, ...from, ...device, session_uid: session }
  say(timeMs, { action: 'login', ...login, auth_method: resets ? 'otp' : 'password', aal: 'aal1' })
  if (resets) say(timeMs + 50 * second, { action: 'password_change', ...login })
  if (person.mfa) {
    timeMs += random.between(8, 25) * second
    while (random.chance(0.06)) {
      const missed = { status_id: 2, error_code: 'mfa_verification_failed' } as const
      say(timeMs, { action: 'mfa_verification', source: 'auth_hook', ...missed, ...who, ...from })
      timeMs += random.between(8, 30) * second
    }
    say(timeMs, { action: 'mfa_verification', source: 'auth_hook', ...who, ...from })
    say(timeMs + second, { action: 'session_seen', ...login, aal: 'aal2' })
  }
  return timeMs + 2 * second
}

/** A session goes on: its token is renewed, rarely by two tabs at once or by a telephone that lost the answer. */
export function refresh(agenda: Agenda, person: Person, from: Vantage, device: Device, timeMs: number): void {
  const { random, say } = agenda
  const session = person.sessions.get(device.device)
  if (session === undefined) return
  const base = { user_uid: person.uid, session_uid: session, ...from, ...device } as const
  say(timeMs, { action: 'token_refresh', ...base })
  if (random.chance(0.004)) {
    // Two tabs: inside the reuse interval it is tolerated, a moment later it is an error and the session is gone.
    say(timeMs + random.between(0.05, 8) * second, { action: 'token_refresh', ...base })
    if (random.chance(0.25)) {
      const used = { status_id: 2, status_code: 400, error_code: 'refresh_token_already_used' } as const
      say(timeMs + random.between(11, 25) * second, { action: 'token_refresh', ...used, ...base })
      person.sessions.delete(device.device)
    }
  }
  say(timeMs + second, { action: 'session_seen', ...base, aal: person.mfa ? 'aal2' : 'aal1' })
}

/** An access token that had expired is sent a few times until the app notices. */
export function expiredToken(agenda: Agenda, person: Person, from: Vantage, device: Device, timeMs: number): void {
  const { random, say } = agenda
  const bad = { source: 'supabase_edge', status_id: 2, status_code: 401, error_code: 'bad_jwt', alg: 'HS256' } as const
  // A forgotten tab asks on and on.
  const stuck = random.chance(0.02)
  const tries = stuck ? random.integer(20, 60) : random.integer(1, 4)
  for (let i = 0; i < tries; i += 1) {
    const at = timeMs + i * (stuck ? minute : random.between(1, 4) * second)
    if (at > timeMs + hour) return
    say(at, { action: 'token_check', ...bad, kid: 'k1', ...from, ua_family: device.ua_family, ua_kind: device.ua_kind })
  }
  person.sessions.delete(device.device)
}

import type { Agenda } from '../../benign/agenda.ts'
import { wrongPassword } from '../../benign/sign-in.ts'
import { hour, minute, second } from '../../clock.ts'
import { deviceOf } from '../../people.ts'
import { addressIn, homeCities } from '../../places.ts'
import { createRandom } from '../../random.ts'
import { readOf } from '../means.ts'
import { type LookAlike, networkNumber } from './look-alike.ts'

const fixed = createRandom(77)
const testers = Array.from({ length: 12 }, () => `u${fixed.hex(23)}`)
const headless = deviceOf(fixed, 'HeadlessChrome', 'script')
const monitor = { user_uid: `u${fixed.hex(23)}`, ...deviceOf(fixed, 'uptime monitor', 'bot') }
const regions = [0, 3, 4, 5, 8, 9].map((city, index) =>
  addressIn(networkNumber(40 + index, 'hosting', homeCities[city]), fixed),
)
// The device of the app's servers, as benign/machines.ts makes it.
const server = deviceOf(createRandom(7), 'node', 'script')

function suite({ random, town, say }: Agenda, startMs: number): void {
  const from = addressIn(random.pick(town.ciNetworks), random)
  let timeMs = startMs
  for (const uid of random.sample(testers, 6)) {
    for (let i = random.integer(1, 3); i > 0; i -= 1, timeMs += random.between(1, 4) * second)
      say(timeMs, { ...wrongPassword, user_uid: uid, ...from })
    say(timeMs, {
      action: 'login',
      user_uid: uid,
      session_uid: `s${random.hex(23)}`,
      ...from,
      ...headless,
      auth_method: 'password',
      aal: 'aal1',
    })
    timeMs += random.between(3, 9) * second
  }
  for (let i = 0; i < 2; i += 1) {
    say(timeMs + i * second, {
      action: 'signup',
      user_uid: `u${random.hex(23)}`,
      email_domain: 'e2e.acme.example',
      disposable: false,
      ...from,
      ...headless,
    })
    say(timeMs + i * 2 * second, {
      action: 'login',
      source: 'supabase_auth',
      status_id: 2,
      error_code: 'invalid_credentials',
      auth_method: 'password',
      identifier: `i${random.hex(23)}`,
      ...from,
    })
  }
}

/** The end-to-end tests try wrong passwords on purpose, on each push. */
const endToEnd: LookAlike = {
  name: 'end-to-end tests in CI',
  when: 'workdays',
  play: (agenda) => {
    for (let runs = agenda.random.integer(3, 7); runs > 0; runs -= 1)
      suite(agenda, agenda.dayMs + agenda.random.between(8, 18) * hour)
  },
}

/** One red test, and somebody presses "run again" all morning. */
const flakyDay: LookAlike = {
  name: 'a flaky test is run again and again',
  when: 'once',
  play: (agenda) => {
    for (let runs = 20; runs > 0; runs -= 1) suite(agenda, agenda.dayMs + 9 * hour + agenda.random.next() * 90 * minute)
  },
}

/** A monitor signs in with one account from six regions in turn. */
const syntheticMonitor: LookAlike = {
  name: 'monitors that sign in',
  when: 'daily',
  play: ({ random, dayMs, say }) => {
    for (let i = 0; i < 96; i += 1) {
      const timeMs = dayMs + i * 15 * minute + random.between(0, 5) * second
      const self = { ...monitor, session_uid: `s${random.hex(23)}`, ...random.pick(regions) } as const
      say(timeMs, { action: 'login', ...self, auth_method: 'password', aal: 'aal1' })
      say(timeMs + second, readOf(self, 'projects', 1))
      say(timeMs + 2 * second, { action: 'logout', ...self })
    }
  },
}

/** A program that does not understand 401 sends the same expired token until somebody turns it off. */
const brokenClient: LookAlike = {
  name: 'an expired token in a loop',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    const person = random.pick(town.people)
    const bad = {
      source: 'supabase_edge',
      status_id: 2,
      status_code: 401,
      error_code: 'bad_jwt',
      alg: 'HS256',
      kid: 'k1',
    } as const
    const seen = {
      ua_family: person.phone.ua_family,
      ua_kind: person.phone.ua_kind,
      device: person.phone.device,
      ja3: person.phone.ja3,
    }
    const endMs = dayMs + 16 * hour
    for (let at = dayMs + 13 * hour; at < endMs; at += random.between(10, 20) * second)
      say(at, { action: 'token_check', ...bad, ...person.homeAddress, ...seen, path: '/rest/v1/tasks' })
  },
}

/** Every table is copied on Sundays. */
const backup: LookAlike = {
  name: 'a weekly backup',
  when: 'sundays',
  play: ({ random, town, dayMs, say }) => {
    const job = {
      action: 'data_export',
      source: 'app',
      api_key_id: 'sk_app',
      api_key_type: 'secret',
      ...server,
      ...(town.appServers[1] ?? {}),
    } as const
    for (let i = 0; i < 20; i += 1) {
      const rows = Math.round(random.skewed(20_000, 0.8))
      say(dayMs + 3.5 * hour + i * 2 * minute, { ...job, resource: `table_${i}`, rows, bytes: rows * 400 })
    }
  },
}

export const jobsAndMachines: readonly LookAlike[] = [endToEnd, flakyDay, syntheticMonitor, brokenClient, backup]

import { signUp } from '../../benign/occasions.ts'
import { signIn, wrongPassword } from '../../benign/sign-in.ts'
import { hour, minute, second, timeOfDayMs } from '../../clock.ts'
import { addressIn } from '../../places.ts'
import { sessionOf } from '../means.ts'
import { type LookAlike, regulars } from './look-alike.ts'

/** The new version of the app forgets its sessions: everybody signs in again within a day and a half, a quarter with a reset. */
const appRelease: LookAlike = {
  name: 'a release that signs everybody out',
  when: 'once',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of town.people) {
      if (person.phone.ua_family !== 'AcmeApp' || person.habit === 'dormant') continue
      const from = random.chance(0.5) ? person.homeAddress : addressIn(person.mobile, random)
      let timeMs = dayMs + random.pick([0, 0, 24]) * hour + timeOfDayMs(random.next()) * 0.9
      if (random.chance(0.25)) {
        for (let i = random.integer(1, 4); i > 0; i -= 1, timeMs += random.between(6, 20) * second)
          say(timeMs, { ...wrongPassword, user_uid: person.uid, ...from })
        say(timeMs, { action: 'recovery_request', user_uid: person.uid, ...from })
        timeMs += random.between(2, 6) * minute
      }
      signIn(agenda, person, from, person.phone, timeMs)
    }
  },
}

/** "Try it now", says the speaker, and ninety people do. */
const webinar: LookAlike = {
  name: 'a webinar',
  when: 'once',
  play: (agenda) => {
    for (let i = 0; i < 90; i += 1) signUp(agenda, agenda.dayMs + 15 * hour + agenda.random.next() * 15 * minute)
  },
}

/** After the holidays every fifth does not know the password any more. */
const mondayAfter: LookAlike = {
  name: 'the Monday after the holidays',
  when: 'once, a Monday',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of town.people) {
      if (!random.chance(0.2) || person.habit === 'dormant') continue
      const from = person.habit === 'office' ? town.office : person.homeAddress
      let timeMs = dayMs + random.between(8, 11) * hour - person.utcOffsetHours * hour
      for (let i = random.integer(2, 6); i > 0; i -= 1, timeMs += random.between(6, 25) * second)
        say(timeMs, { ...wrongPassword, user_uid: person.uid, ...from })
      if (!random.chance(0.5)) {
        signIn(agenda, person, from, person.desktop, timeMs)
        continue
      }
      say(timeMs, { action: 'recovery_request', user_uid: person.uid, ...from })
      const self = { user_uid: person.uid, session_uid: sessionOf(random, person), ...from, ...person.desktop } as const
      say(timeMs + 3 * minute, { action: 'login', ...self, auth_method: 'otp', aal: 'aal1' })
      say(timeMs + 4 * minute, { action: 'password_change', ...self })
    }
  },
}

/** The firm's identity provider is down for forty minutes; its people do not stop trying. */
const ssoOutage: LookAlike = {
  name: 'single sign-on is down',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    for (const person of regulars(town, 10, 30, (habit) => habit === 'office')) {
      const failed = {
        action: 'login',
        status_id: 2,
        status_code: 500,
        error_code: 'unexpected_failure',
        auth_method: 'sso',
      } as const
      for (let i = random.integer(3, 8); i > 0; i -= 1)
        say(dayMs + 8 * hour + random.next() * 40 * minute, { ...failed, user_uid: person.uid, ...town.office })
      const self = {
        user_uid: person.uid,
        session_uid: sessionOf(random, person),
        ...town.office,
        ...person.desktop,
      } as const
      say(dayMs + 8.7 * hour + random.next() * 10 * minute, {
        action: 'login',
        ...self,
        auth_method: 'sso',
        aal: 'aal1',
      })
    }
  },
}

/** The SMS come twenty minutes late, and all who wait press "send again". */
const smsDelay: LookAlike = {
  name: 'late SMS',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    for (const person of random.sample(town.people, 25)) {
      const from = addressIn(person.mobile, random)
      let timeMs = dayMs + 18 * hour + random.next() * 20 * minute
      for (let i = random.integer(3, 5); i > 0; i -= 1, timeMs += random.between(60, 150) * second) {
        say(timeMs, { action: 'otp_send', user_uid: person.uid, phone_prefix: '+4917', ...from })
      }
    }
  },
}

/** A newsletter with a typing error in its link, and a page whose scripts have gone with the last release. */
const brokenLink: LookAlike = {
  name: 'a broken link in the newsletter',
  when: 'once',
  play: ({ random, town, dayMs, say }) => {
    for (const person of random.sample(town.people, 120)) {
      const gone = {
        action: 'http_request',
        source: 'supabase_edge',
        http_method: 'GET',
        status_id: 2,
        status_code: 404,
        ...person.homeAddress,
        ...person.desktop,
      } as const
      const timeMs = dayMs + 9 * hour + random.wait(hour)
      say(timeMs, { ...gone, path: '/functions/v1/spring-ofer' })
      for (let i = 0; i < 4; i += 1)
        say(timeMs + i * second, {
          ...gone,
          path: `/storage/v1/object/public/assets/chunk-${i}.js`,
          resource: 'storage/assets',
        })
    }
  },
}

export const occasions: readonly LookAlike[] = [appRelease, webinar, mondayAfter, ssoOutage, smsDelay, brokenLink]

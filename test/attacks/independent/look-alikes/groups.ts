import { signUp } from '../../benign/occasions.ts'
import { signIn } from '../../benign/sign-in.ts'
import { day, hour, minute, second } from '../../clock.ts'
import { deviceOf, networksOf } from '../../people.ts'
import { addressIn, homeCities } from '../../places.ts'
import { createRandom } from '../../random.ts'
import { readOf } from '../means.ts'
import { type LookAlike, networkNumber, regulars } from './look-alike.ts'

const school = addressIn(networkNumber(5, 'business'), createRandom(5))

/** A class signs up together, and a week later half of it has forgotten its passwords. */
const schoolClass: LookAlike = {
  name: 'a class behind one address',
  when: 'once',
  play: ({ random, dayMs, say }) => {
    for (let pupil = 0; pupil < 28; pupil += 1) {
      const who = { user_uid: `u${random.hex(23)}`, ...school } as const
      const device = deviceOf(random, 'Chrome', 'browser')
      const timeMs = dayMs + 9 * hour + random.between(0, 12) * minute
      say(timeMs, { action: 'signup', ...who, ...device, email_domain: 'gymnasium-nord.example', disposable: false })
      const backMs = dayMs + 7 * day + 9 * hour + random.between(0, 6) * minute
      for (let i = random.chance(0.5) ? random.integer(1, 3) : 0; i > 0; i -= 1) {
        say(backMs + i * 9 * second, {
          action: 'login',
          source: 'auth_hook',
          status_id: 2,
          error_code: 'invalid_credentials',
          auth_method: 'password',
          ...who,
        })
      }
      for (const inMs of [timeMs + minute, backMs + 2 * minute]) {
        say(inMs, {
          action: 'login',
          ...who,
          ...device,
          session_uid: `s${random.hex(23)}`,
          auth_method: 'password',
          aal: 'aal1',
        })
      }
    }
  },
}

/** Two people, one account, four devices: at home, on two mobile networks, at the office of one of them. */
const couple: LookAlike = {
  name: 'a couple with one account',
  when: 'daily',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const [index, person] of regulars(town, 12, 3, (habit) => habit === 'plain').entries()) {
      const own = createRandom(40 + index)
      const tablet = deviceOf(own, 'Safari', 'browser')
      const other = own.pick(networksOf(town.home, 'mobile').filter(({ city }) => city === person.home.city))
      const desk = networkNumber(20 + index, 'business', person.home.city)
      const startMs = dayMs + random.between(11, 18) * hour
      for (const [network, device] of [
        [person.mobile, person.phone],
        [other, tablet],
        [desk, person.desktop],
      ] as const) {
        const timeMs = startMs + random.next() * hour
        const from = addressIn(network, random)
        const session = person.sessions.get(device.device)
        if (session === undefined) signIn(agenda, person, from, device, timeMs)
        else
          say(timeMs, {
            action: 'session_seen',
            user_uid: person.uid,
            session_uid: session,
            ...from,
            ...device,
            aal: 'aal1',
          })
        say(timeMs + minute, readOf({ user_uid: person.uid, ...from, ...device }, 'tasks', 7))
      }
    }
  },
}

/** A customer takes the whole team on: forty sign-ups with one domain from one address in two hours. */
const onboarding: LookAlike = {
  name: 'a team is taken on',
  when: 'once',
  play: (agenda) => {
    const from = addressIn(networkNumber(30, 'business', agenda.random.pick(homeCities)), agenda.random)
    for (let i = 0; i < 40; i += 1) signUp(agenda, agenda.dayMs + agenda.random.between(8, 10) * hour, from)
  },
}

export const groups: readonly LookAlike[] = [schoolClass, couple, onboarding]

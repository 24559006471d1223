import { refresh, signIn } from '../../benign/sign-in.ts'
import { day, hour, minute, second } from '../../clock.ts'
import { deviceOf } from '../../people.ts'
import { addressIn, homeCities } from '../../places.ts'
import { createRandom } from '../../random.ts'
import { readOf, sessionOf } from '../means.ts'
import { type LookAlike, networkNumber, regulars } from './look-alike.ts'

const carrier = addressIn(networkNumber(1, 'mobile'), createRandom(1))
const gateway = addressIn(
  networkNumber(2, 'business', { country: 'NL', lat: 52.4, long: 4.9, utcOffsetHours: 1 }),
  createRandom(2),
)
const egresses = [0, 4].map((city, index) =>
  addressIn(networkNumber(3 + index, 'business', homeCities[city]), createRandom(3 + index)),
)
const relays = [0, 2, 3].map((city) => networkNumber(6 + city, 'relay', homeCities[city]))

/** A carrier puts a whole suburb behind one address; in the evening dozens are on it, some of them mistyping. */
const carrierNat: LookAlike = {
  name: 'carrier NAT',
  when: 'daily',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of random.sample(
      regulars(town, 0, 60, (habit) => habit === 'commuter'),
      30,
    )) {
      let timeMs = dayMs + random.between(16, 21) * hour
      if (random.chance(0.35) || !person.sessions.has(person.phone.device))
        timeMs = signIn(agenda, person, carrier, person.phone, timeMs)
      else refresh(agenda, person, carrier, person.phone, timeMs)
      const session = person.sessions.get(person.phone.device)
      const self = {
        user_uid: person.uid,
        ...(session === undefined ? {} : { session_uid: session }),
        ...carrier,
        ...person.phone,
      }
      for (let i = 1; i <= 3; i += 1) say(timeMs + i * 20 * second, readOf(self, 'tasks', 5))
    }
  },
}

/** A firm switches its VPN on: within half an hour all its sessions go on from another country. */
const vpnSwitchOn: LookAlike = {
  name: 'a firm switches its VPN on',
  when: 'once',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of regulars(town, 0, 50, (habit) => habit === 'office')) {
      const session = sessionOf(random, person)
      let timeMs = dayMs + 8.5 * hour + random.between(0, 30) * minute
      const self = { user_uid: person.uid, session_uid: session, ...gateway, ...person.desktop } as const
      say(timeMs, { action: 'token_refresh', ...self })
      say(timeMs + second, { action: 'session_seen', ...self, aal: 'aal1' })
      for (let i = random.integer(4, 10); i > 0; i -= 1) {
        timeMs += random.wait(12 * minute)
        say(timeMs, readOf(self, 'projects', random.integer(1, 30)))
      }
    }
  },
}

/** A proxy with ways out in two countries: one request leaves here, the next one there. */
const twoEgresses: LookAlike = {
  name: 'a proxy with two countries',
  when: 'workdays',
  play: ({ random, town, dayMs, say }) => {
    for (const person of regulars(town, 50, 8, (habit) => habit === 'office')) {
      const session = sessionOf(random, person)
      let timeMs = dayMs + random.between(7, 15) * hour
      for (let i = random.integer(6, 14); i > 0; i -= 1) {
        timeMs += random.wait(2 * minute)
        const self = {
          user_uid: person.uid,
          session_uid: session,
          ...random.pick(egresses),
          ...person.desktop,
        } as const
        say(timeMs, readOf(self, 'tasks', random.integer(1, 30)))
        if (random.chance(0.2)) say(timeMs + second, { action: 'session_seen', ...self, aal: 'aal1' })
      }
    }
  },
}

/** Apple's relay: each connection another way out, now and then in the country next door. */
const privateRelay: LookAlike = {
  name: 'private relay',
  when: 'daily',
  play: (agenda) => {
    const { random, town, dayMs, say } = agenda
    for (const person of regulars(town, 0, 8, (habit) => habit === 'plain')) {
      if (!random.chance(0.6)) continue
      const way = () => addressIn(random.pick(random.chance(0.9) ? relays.slice(0, 1) : relays), random)
      let timeMs = dayMs + random.between(6, 20) * hour
      if (!person.sessions.has(person.phone.device)) timeMs = signIn(agenda, person, way(), person.phone, timeMs)
      const session = person.sessions.get(person.phone.device)
      for (let i = random.integer(3, 9); i > 0; i -= 1) {
        timeMs += random.wait(40 * second)
        say(
          timeMs,
          readOf(
            {
              user_uid: person.uid,
              ...(session === undefined ? {} : { session_uid: session }),
              ...way(),
              ...person.phone,
            },
            'tasks',
            9,
          ),
        )
      }
    }
  },
}

/** A journey of a week: after the flight a hotel's network, on the second day a new telephone that is set up there. */
const holidays: LookAlike = {
  name: 'holidays abroad',
  when: 'thursdays',
  play: (agenda) => {
    const { random, town, dayMs } = agenda
    const free = town.people.filter(
      ({ habit, journey, isAdmin }) => habit === 'plain' && journey === undefined && !isAdmin,
    )
    for (const person of random.sample(free, 3)) {
      const abroad = town.home.filter(
        ({ type, city }) => type === 'business' && city.country !== person.home.city.country,
      )
      const network = random.pick(abroad)
      const fromMs = dayMs + 44 * hour
      person.journey = { fromMs, toMs: fromMs + 5 * day, network }
      if (random.chance(0.5))
        signIn(agenda, person, addressIn(network, random), deviceOf(random, 'Safari', 'browser'), fromMs + 20 * hour)
    }
  },
}

export const placesAndPeople: readonly LookAlike[] = [carrierNat, vpnSwitchOn, twoEgresses, privateRelay, holidays]

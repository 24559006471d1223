import { day, hour, second, timeOfDayMs } from '../clock.ts'
import type { Draft } from '../event-maker.ts'
import { type Device, deviceOf, type Person, type Town } from '../people.ts'
import { addressIn, type City, homeCities, type Network, otherCities, type Vantage } from '../places.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scenarios/scene.ts'

/** What an attacker of these days has: other people's connections, a browser that looks like the victim's, and patience. */

const firstProxyAsn = 4_230_000_000
const providersPerCity = 60

/**
 * Residential proxies: each call another address, nearly each another provider. A third are with providers that customers
 * have too. `country` as the buyer of such a service chooses it; absent: anywhere.
 */
export function proxiesOf({ random, town }: Scene, country?: string): () => Vantage {
  const everywhere = [...homeCities, ...otherCities]
  const wanted = country === undefined ? everywhere : everywhere.filter((city) => city.country === country)
  const known = town.home.filter(
    ({ city, type }) => wanted.includes(city) && (type === 'residential' || type === 'mobile'),
  )
  return () => {
    if (known.length > 0 && random.chance(0.33)) return addressIn(random.pick(known), random)
    const city = random.pick(wanted)
    return addressIn(providerIn(city, random.integer(0, providersPerCity - 1), random), random)
  }
}

function providerIn(city: City, index: number, random: Random): Network {
  const number = everyCity.indexOf(city) * providersPerCity + index
  return {
    asn: firstProxyAsn + number,
    type: index % 6 === 0 ? 'mobile' : 'residential',
    city: { ...city, lat: city.lat + random.between(-1, 1), long: city.long + random.between(-1, 1) },
    prefix: `${100 + Math.floor(number / 250)}.${number % 250}`,
    v6: false,
  }
}
const everyCity = [...homeCities, ...otherCities]

/** A rented machine with a /48 of its own: each request from another /64, which costs nothing. */
export function rotatingV6(random: Random, network: Network): () => Vantage {
  const group = (): string => random.integer(0x1000, 0xfffe).toString(16)
  const site = `2001:db8:${group()}`
  const place = addressIn(network, random)
  return () => ({
    ...place,
    src_ip: `${site}:${group()}:${group()}:${group()}:${group()}:${group()}`,
    src_net: `${site}::/48`,
  })
}

/** A machine or tunnel abroad or at home that anybody can rent. */
export function rented(scene: Scene, ...types: readonly Network['type'][]): Network {
  const { random, town } = scene
  return random.pick([...town.away, ...town.home].filter(({ type }) => types.includes(type)))
}

/** A browser of the victim's kind: anti-detect browsers copy the user agent of whom they imitate. */
export const likeOf = (random: Random, person: Person): Device => ({
  ...deviceOf(random, person.desktop.ua_family, 'browser'),
})
export const browserOf = (random: Random): Device =>
  deviceOf(random, random.pick(['Chrome', 'Chrome', 'Edge', 'Firefox', 'Safari']), 'browser')

/**
 * Times as people keep them: `perDay` on each of so many days, by the rhythm of the day, within `days` days from startMs on.
 * Ascending.
 */
export function humanTimes(
  random: Random,
  startMs: number,
  days: number,
  perDay: () => number,
  utcOffsetHours = 1,
): readonly number[] {
  const midnight = Math.floor(startMs / day) * day - utcOffsetHours * hour
  const times: number[] = []
  for (let index = 0; index < days; index += 1) {
    for (let count = perDay(); count > 0; count -= 1) {
      const timeMs = midnight + index * day + timeOfDayMs(random.next())
      // What would have been before the beginning is done at that hour of the last day.
      times.push(timeMs < startMs ? timeMs + days * day : timeMs)
    }
  }
  return times.sort((a, b) => a - b)
}

export interface Entry {
  readonly from: Vantage
  readonly device: Device
  /** @default password */
  readonly method?: string
  /** Whether a second factor was passed (phished together with the password). @default false */
  readonly second?: boolean
}

/** Somebody comes in as this person. @returns what is said of everything done in the session */
export function enter(scene: Scene, person: Person, entry: Entry, timeMs: number): Draft {
  const { from, device, method = 'password', second: passed = false } = entry
  const who = { user_uid: person.uid, ...(person.isAdmin ? { is_admin: true } : {}) }
  const self = { ...who, session_uid: `s${scene.random.hex(23)}`, ...from, ...device } as const
  scene.say(timeMs, { action: 'login', ...self, auth_method: method, aal: 'aal1' })
  if (passed) scene.say(timeMs + 6 * second, { action: 'mfa_verification', source: 'auth_hook', ...who, ...from })
  scene.say(timeMs + 8 * second, { action: 'session_seen', ...self, aal: passed ? 'aal2' : 'aal1' })
  return { action: 'http_request', ...self }
}

const edge = { source: 'supabase_edge', api_key_id: 'pk_web', api_key_type: 'publishable' } as const

/** One read of a table through the API, as the person of this session. */
export function readOf(self: Partial<Draft>, resource: string, rows: number, more: Partial<Draft> = {}): Draft {
  const answer = { status_code: 200, rows, bytes: rows * 320 + 2 }
  return {
    ...self,
    ...edge,
    http_method: 'GET',
    path: `/rest/v1/${resource}`,
    resource,
    ...answer,
    ...more,
    action: 'data_read',
  }
}

/** Looks at a few lists, as the owner would. @returns when that is over */
export function stroll(scene: Scene, self: Partial<Draft>, fromMs: number, count: number, gapMs: number): number {
  let timeMs = fromMs
  for (let i = 0; i < count; i += 1) {
    timeMs += scene.random.wait(gapMs)
    scene.say(timeMs, readOf(self, scene.random.pick(['projects', 'tasks', 'members']), scene.random.integer(1, 40)))
  }
  return timeMs
}

/** The owner, at home on the usual computer, goes on as always. */
export function ownerAt(scene: Scene, person: Person, timeMs: number): void {
  const session = sessionOf(scene.random, person)
  const self = { user_uid: person.uid, session_uid: session, ...person.homeAddress, ...person.desktop } as const
  scene.sayBenign(timeMs, { action: 'token_refresh', ...self })
  scene.sayBenign(timeMs + second, { action: 'session_seen', ...self, aal: person.mfa ? 'aal2' : 'aal1' })
  for (let i = 1; i <= 3; i += 1) scene.sayBenign(timeMs + i * 20 * second, readOf(self, 'projects', 4))
}

/** The session of the computer at home; opened now if there is none. */
export function sessionOf(random: Random, person: Person): string {
  const known = person.sessions.get(person.desktop.device)
  if (known !== undefined) return known
  const made = `s${random.hex(23)}`
  person.sessions.set(person.desktop.device, made)
  return made
}

export const staysAtHome = (person: Person): boolean =>
  ['plain', 'office', 'commuter'].includes(person.habit) &&
  !person.isAdmin &&
  person.visitsPerDay > 0.3 &&
  person.journey === undefined

/** Far enough that nobody is there and back in an hour, near enough to look like a flight. */
export function farFrom(town: Town, random: Random, home: City): Vantage {
  const distance = (city: City): number => {
    const rad = Math.PI / 180
    const h =
      Math.sin(((city.lat - home.lat) * rad) / 2) ** 2 +
      Math.cos(home.lat * rad) * Math.cos(city.lat * rad) * Math.sin(((city.long - home.long) * rad) / 2) ** 2
    return 12_742 * Math.asin(Math.sqrt(h))
  }
  const networks = [...town.home, ...town.away].filter(({ type }) => type === 'residential')
  const away = networks.filter(({ city }) => distance(city) > 1_200)
  const near = away.filter(({ city }) => distance(city) < 4_000)
  return addressIn(random.pick(near.length > 0 ? near : away), random)
}

import { addressIn, createNetworks, homeCities, type Network, type Vantage } from './places.ts'
import type { Random } from './random.ts'

/** What an event says of the device; a hook knows none of it. */
export interface Device {
  readonly device: string
  readonly ua_family: string
  readonly ua_kind: 'browser' | 'app' | 'script' | 'bot'
  readonly ja3: string
}

export type Habit = 'plain' | 'office' | 'commuter' | 'vpn' | 'relay' | 'contacts_sync' | 'photo_album' | 'dormant'

export interface Person {
  readonly uid: string
  readonly habit: Habit
  readonly utcOffsetHours: number
  readonly home: Network
  readonly mobile: Network
  /** Changes now and then, as providers do. */
  homeAddress: Vantage
  readonly desktop: Device
  /** Replaced now and then. */
  phone: Device
  /** Mean visits on a working day. */
  readonly visitsPerDay: number
  /** Share of log-ins that begin with a wrong password. */
  readonly typos: number
  /** A password manager with an old password: several failures in a row. */
  readonly staleManager: boolean
  readonly mfa: boolean
  readonly isAdmin: boolean
  readonly pays: boolean
  /** The session of each device; absent: signed out. */
  readonly sessions: Map<string, string>
  /** Set while somebody is away on a real journey. */
  journey?: { readonly fromMs: number; readonly toMs: number; readonly network: Network } | undefined
}

/** Everything that benign traffic and attacks share. */
export interface Town {
  readonly home: readonly Network[]
  readonly away: readonly Network[]
  readonly people: readonly Person[]
  readonly admins: readonly Person[]
  readonly office: Vantage
  readonly appServers: readonly Vantage[]
  readonly ciNetworks: readonly Network[]
  /** Customers' own keys, each used from servers of one customer. */
  readonly customerKeys: readonly { readonly id: string; readonly from: readonly Vantage[]; readonly device: Device }[]
}

const desktops = ['Chrome', 'Chrome', 'Chrome', 'Firefox', 'Safari', 'Edge']
const phones = ['Safari', 'Chrome', 'AcmeApp', 'AcmeApp']

export function deviceOf(random: Random, family: string, kind: Device['ua_kind']): Device {
  return { device: `d${random.hex(15)}`, ua_family: family, ua_kind: kind, ja3: random.hex(16) }
}

export const networksOf = (networks: readonly Network[], type: Network['type']): readonly Network[] =>
  networks.filter((network) => network.type === type)

function habitOf(index: number, users: number, random: Random): Habit {
  // The office has 60 people wherever there are at least 240 users, else a quarter of them.
  if (index < Math.min(60, users / 4)) return 'office'
  const u = random.next()
  if (u < 0.05) return 'vpn'
  if (u < 0.08) return 'relay'
  if (u < 0.095) return 'contacts_sync'
  if (u < 0.12) return 'photo_album'
  if (u < 0.145) return 'dormant'
  return u < 0.4 ? 'commuter' : 'plain'
}

export function createTown(users: number, seedRandom: Random): Town {
  const random = seedRandom.fork('town')
  const { home, away } = createNetworks()
  const people: Person[] = []
  for (let index = 0; index < users; index += 1) {
    const habit = habitOf(index, users, random)
    // Two thirds live in the first four cities; the office is in the first.
    const city = homeCities[habit === 'office' ? 0 : Math.floor(random.next() ** 1.8 * homeCities.length)]
    const near = home.filter((network) => network.city === city)
    const homeNetwork = random.pick(networksOf(near, 'residential'))
    const family = random.pick(phones)
    people.push({
      uid: `u${random.hex(23)}`,
      habit,
      utcOffsetHours: homeNetwork.city.utcOffsetHours,
      home: homeNetwork,
      mobile: random.pick(networksOf(near, 'mobile')),
      homeAddress: addressIn(homeNetwork, random),
      desktop: deviceOf(random, random.pick(desktops), 'browser'),
      phone: deviceOf(random, family, family === 'AcmeApp' ? 'app' : 'browser'),
      visitsPerDay: habit === 'dormant' ? 0 : Math.min(6, random.skewed(0.9, 0.8)),
      typos: random.between(0.02, 0.18),
      staleManager: random.chance(0.02),
      mfa: index < 4 || random.chance(0.2),
      isAdmin: index < 4,
      pays: random.chance(0.3),
      sessions: new Map(),
    })
  }
  const hosting = networksOf(home, 'hosting')
  const business = networksOf(home, 'business')
  const appServerNetwork = hosting[0] as Network
  return {
    home,
    away,
    people,
    admins: people.filter((person) => person.isAdmin),
    office: addressIn(business[0] as Network, random),
    appServers: [addressIn(appServerNetwork, random), addressIn(appServerNetwork, random)],
    ciNetworks: [hosting[5], hosting[6]].filter((network) => network !== undefined),
    customerKeys: Array.from({ length: 12 }, (_, index) => {
      const network = random.pick(index % 2 === 0 ? hosting : business)
      return {
        id: `uk_${random.hex(12)}`,
        from: Array.from({ length: random.integer(1, 3) }, () => addressIn(network, random)),
        device: deviceOf(random, random.pick(['python-requests', 'node', 'Go-http-client']), 'script'),
      }
    }),
  }
}

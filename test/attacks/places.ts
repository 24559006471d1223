import type { networkTypes } from '../../bees/security/events/event.ts'
import type { Random } from './random.ts'

export interface City {
  readonly country: string
  readonly lat: number
  readonly long: number
  readonly utcOffsetHours: number
}

export type NetworkType = (typeof networkTypes)[number]

/** A provider's network in one country: an ASN with address space. */
export interface Network {
  readonly asn: number
  readonly type: NetworkType
  readonly city: City
  /** First two bytes of its IPv4 space. */
  readonly prefix: string
  /** Whether its customers get IPv6. */
  readonly v6: boolean
}

/** What an event says of the address it came from. */
export interface Vantage {
  readonly src_ip: string
  readonly src_net: string
  readonly asn: number
  readonly network_type: NetworkType
  readonly country: string
  readonly lat: number
  readonly long: number
}

const at = (country: string, lat: number, long: number, utcOffsetHours: number): City => ({
  country,
  lat,
  long,
  utcOffsetHours,
})

/** Where customers live; the first ones have most of them. */
export const homeCities: readonly City[] = [
  at('DE', 52.5, 13.4, 1),
  at('DE', 48.1, 11.6, 1),
  at('AT', 48.2, 16.4, 1),
  at('FR', 48.9, 2.4, 1),
  at('GB', 51.5, -0.1, 0),
  at('US', 40.7, -74, -5),
  at('US', 37.8, -122.4, -8),
  at('IN', 19.1, 72.9, 5.5),
  at('BR', -23.6, -46.6, -3),
  at('JP', 35.7, 139.7, 9),
]

/** Where attackers rent machines and proxies. */
export const otherCities: readonly City[] = [
  at('NL', 52.4, 4.9, 1),
  at('RU', 55.8, 37.6, 3),
  at('VN', 10.8, 106.7, 7),
  at('SG', 1.35, 103.8, 8),
  at('NG', 6.5, 3.4, 1),
  at('US', 39, -77.5, -5),
  at('TR', 41, 29, 3),
  at('ID', -6.2, 106.8, 7),
]

/** ASNs are from the range for private use, so that they are nobody's. */
let firstAsn = 4_200_000_000
export function createNetworks(): Readonly<Record<'home' | 'away', readonly Network[]>> {
  firstAsn = 4_200_000_000
  let space = 0
  const network = (city: City, type: NetworkType, v6: boolean): Network => {
    space += 1
    firstAsn += 1
    return { asn: firstAsn, type, city, prefix: `${40 + Math.floor(space / 200)}.${space % 200}`, v6 }
  }
  const home = homeCities.flatMap((city) => [
    network(city, 'residential', false),
    network(city, 'residential', true),
    network(city, 'residential', false),
    network(city, 'mobile', true),
    network(city, 'mobile', false),
    network(city, 'business', false),
    network(city, 'hosting', false),
    network(city, 'vpn', false),
    network(city, 'relay', false),
  ])
  const away = otherCities.flatMap((city) => [
    network(city, 'hosting', false),
    network(city, 'hosting', false),
    network(city, 'residential', false),
    network(city, 'residential', false),
    network(city, 'mobile', false),
    network(city, 'vpn', false),
    network(city, 'business', false),
  ])
  return { home, away }
}

/** An address in the network. IPv6 homes and phones get an address in a /48 of their own. */
export function addressIn(network: Network, random: Random): Vantage {
  const place = {
    asn: network.asn,
    network_type: network.type,
    country: network.city.country,
    lat: network.city.lat,
    long: network.city.long,
  }
  if (network.v6) {
    const site = `2001:db8:${random.integer(1, 0xfffe).toString(16)}`
    const host = `${random.integer(1, 0xfffe).toString(16)}:${random.integer(1, 0xfffe).toString(16)}`
    return { src_ip: `${site}::${host}`, src_net: `${site}::/48`, ...place }
  }
  const third = random.integer(0, 255)
  return {
    src_ip: `${network.prefix}.${third}.${random.integer(1, 254)}`,
    src_net: `${network.prefix}.${third}.0/24`,
    ...place,
  }
}

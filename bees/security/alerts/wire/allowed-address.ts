import { lookup as systemLookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

/** An address that may be connected to. */
export interface CheckedAddress {
  readonly address: string
  readonly family: 4 | 6
}

export type Lookup = (host: string) => Promise<readonly CheckedAddress[]>

/** Why a host is not connected to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly problem: 'private_address' | 'unknown_host'

  constructor(problem: 'private_address' | 'unknown_host') {
    super(problem)
    this.problem = problem
  }
}

/** Where clouds keep the credentials of a machine. No setting opens these. */
const neverAllowed = new Set(['fd00:ec2::254', '100.100.100.200', '168.63.129.16'])

/** What SECURITY_ALLOW_PRIVATE_RECEIVERS opens. Link-local addresses are not among them. */
const ownRanges = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * Whether an address may be connected to: those of the public internet, and with `allowPrivate` the own machine and network.
 * IPv4 addresses inside IPv6 ones count as what they are inside; tunnels and translations lead nowhere good.
 */
export function isAllowedAddress(text: string, allowPrivate: boolean): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  if (neverAllowed.has(address.toString())) return false
  const range = address.range()
  if (ownRanges.has(range)) return allowPrivate
  if (range !== 'unicast') return false
  // Global unicast (RFC 4291); all else of IPv6 is somebody's experiment.
  return address instanceof ipaddr.IPv6 ? address.match(ipaddr.parseCIDR('2000::/3')) : true
}

/**
 * Resolves a host (name or literal address) once and returns its addresses when each of them is allowed: a name with one
 * public and one private address is refused, whichever a connection would have taken. The caller connects to what this
 * returned and never resolves again.
 *
 * @throws AddressRefused
 */
export async function allowedAddresses(
  host: string,
  allowPrivate: boolean,
  lookup: Lookup = lookupAll,
): Promise<readonly CheckedAddress[]> {
  const literal = host.replace(/^\[|\]$/g, '')
  const found = ipaddr.isValid(literal) ? [checked(literal)] : await lookup(host).catch(() => [])
  if (found.length === 0) throw new AddressRefused('unknown_host')
  if (!found.every(({ address }) => isAllowedAddress(address, allowPrivate))) {
    throw new AddressRefused('private_address')
  }
  return found
}

const checked = (address: string): CheckedAddress => ({
  address,
  family: ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6,
})

/** As the system resolves names, its hosts file included. */
async function lookupAll(host: string): Promise<readonly CheckedAddress[]> {
  const found = await systemLookup(host, { all: true, verbatim: true })
  return found.map(({ address }) => checked(address))
}

import ipaddr from 'ipaddr.js'

/** How addresses are kept: whole, as their network's base, or as a stand-in that only tells same from different. */
export const ipPolicies = ['keep', 'truncate', 'hash'] as const
export type IpPolicy = (typeof ipPolicies)[number]

const longest = 60

/**
 * One notation for each address: IPv4 with dots, IPv4-mapped IPv6 as IPv4, IPv6 as RFC 5952 writes it. A port behind it
 * and brackets around it are taken off; a zone (`%eth0`) says nothing to anybody else and is taken off too.
 *
 * @returns undefined for what is no address: old notations (127.1, 0x7f.0.0.1), names, lists
 */
export function canonicalIp(text: string): string | undefined {
  if (text.length > longest) return undefined
  const bare = withoutPort(text.trim()).replace(/%[0-9A-Za-z._-]{1,16}$/, '')
  if (bare.includes(':')) {
    if (!ipaddr.IPv6.isValid(bare)) return undefined
    const address = ipaddr.IPv6.parse(bare)
    return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String()
  }
  return ipaddr.IPv4.isValidFourPartDecimal(bare) ? ipaddr.IPv4.parse(bare).toString() : undefined
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)
  return withPort?.[1] ?? text
}

/** The /24 (IPv4) or /48 (IPv6) around a canonical address, as base and prefix. */
export function netOf(ip: string): string {
  return `${netBaseOf(ip)}/${ip.includes(':') ? 48 : 24}`
}

/** The first address of its /24 or /48. */
export function netBaseOf(ip: string): string {
  if (!ip.includes(':')) return ipaddr.IPv4.networkAddressFromCIDR(`${ip}/24`).toString()
  return ipaddr.IPv6.networkAddressFromCIDR(`${ip}/48`).toRFC5952String()
}

/** Whether it can belong to a stranger on the internet: not private, loopback, link-local, reserved … */
export function isPublicIp(ip: string): boolean {
  const range = ipaddr.parse(ip).range()
  return range === 'unicast' || range === '6to4' || range === 'teredo'
}

import { createHmac } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { canonicalIp, type IpPolicy, isPublicIp, netBaseOf } from './ip-address.ts'

/** What a hash speaks of. Two kinds never have the same hash for the same text. */
export type PseudonymKind = 'identifier' | 'card' | 'device' | 'object' | 'text' | 'ip' | 'net'

export interface PseudonymOptions {
  /** 32 bytes as hex. */
  readonly key: string
  readonly ipPolicy: IpPolicy
}

/** Turns what identifies a person into something that only tells same from different, within one tenant. */
export interface Pseudonymiser {
  /** 24 hex digits of an HMAC-SHA256. */
  readonly of: (kind: PseudonymKind, value: string) => string
  /** Of an e-mail address or phone number, whatever way it is written. */
  readonly identifier: (value: string) => string
  /** The address as the policy keeps it, canonical; undefined for what is none. */
  readonly ip: (text: string) => string | undefined
}

const hexDigits = 24

/** For one tenant: the same address or e-mail has another pseudonym in another one. */
export function createPseudonymiser({ key, ipPolicy }: PseudonymOptions, tenant: string): Pseudonymiser {
  const secret = Buffer.from(key, 'hex')
  const mac = (kind: PseudonymKind, value: string) =>
    createHmac('sha256', secret).update(`${tenant}\u0000${kind}\u0000${value}`).digest()
  const of = (kind: PseudonymKind, value: string) => mac(kind, value).toString('hex').slice(0, hexDigits)

  /**
   * A stand-in out of fd00::/8, which nobody routes: what reads addresses can read it, members of one network share its
   * /48 as they did before, and no block can hit anybody by it.
   */
  const hashed = (ip: string): string => {
    const bytes = [0xfd, ...mac('net', netBaseOf(ip)).subarray(0, 5), ...mac('ip', ip).subarray(0, 10)]
    return ipaddr.fromByteArray(bytes).toString()
  }

  return Object.freeze<Pseudonymiser>({
    of,
    identifier: (value) => of('identifier', normalIdentifier(value)),
    ip(text) {
      const ip = canonicalIp(text)
      if (ip === undefined || ipPolicy === 'keep' || !isPublicIp(ip)) return ip
      return canonicalIp(ipPolicy === 'truncate' ? netBaseOf(ip) : hashed(ip))
    },
  })
}

function normalIdentifier(value: string): string {
  const text = value.normalize('NFKC').trim().toLowerCase()
  if (text.includes('@')) return text
  const digits = text.replace(/[\s().-]/g, '').replace(/^00/, '+')
  return /^\+?\d{5,20}$/.test(digits) ? `+${digits.replace('+', '')}` : text
}

import { createHash } from 'node:crypto'

/**
 * 53 bits of a text: two rounds of 32-bit multiply-xor-shift (the mixing of MurmurHash3). Fast, even, and not a secret: what a
 * person must not read has been hashed with a key before it came here.
 */
export function hash53(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}

/** What stands for a value in sets: 40 bits, 1 or more (0 is nothing). */
export function hash40(text: string): number {
  return (hash53(text) % 1_099_511_627_775) + 1
}

/** Hex digits of a SHA-256. */
export function digest(text: string, length: number): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, length)
}

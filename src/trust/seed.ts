import { randomBytes } from 'node:crypto'
import { BeeError } from '../errors.ts'

/**
 * An Ed25519 seed, 32 bytes, from 64 hex digits.
 *
 * @param variable names the environment variable in the error.
 * @throws BeeError BEE_CONFIG_INVALID, which tells the length but never the text.
 */
export function parseSeed(hex: string, variable = 'the signing key'): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(hex)) return Uint8Array.from(Buffer.from(hex, 'hex'))
  const received = /^[0-9a-fA-F]*$/.test(hex)
    ? `${hex.length} of them`
    : `${hex.length} characters, some of them no digits`
  throw new BeeError('BEE_CONFIG_INVALID', `${variable}: expected 64 hex digits (32 bytes), received ${received}`)
}

/** A new seed from the system's random source, as 64 hex digits: what the environment variables hold. */
export function generateSeed(): string {
  return randomBytes(32).toString('hex')
}

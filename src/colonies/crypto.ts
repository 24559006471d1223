/**
 * Identity and signatures of the Colonies protocol: secp256k1 over SHA3-256.
 *
 * The digest is always taken over text: the hex text of the public key for an identity, the base64 text of the payload
 * for a signature. Signatures are deterministic (RFC 6979, low s), so equal messages have equal envelopes.
 */

import { createHash } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

// A larger table of multiples than the library's own: a sixth less for each signature, some 20 ms more for the first.
secp256k1.Point.BASE.precompute(8)

const PRIVATE_KEY_PATTERN = /^[0-9a-fA-F]{64}$/
const SIGNATURE_PATTERN = /^[0-9a-fA-F]{130}$/

// OpenSSL's SHA3: the same bytes as @noble/hashes, and a payload of megabytes does not block the event loop for long.
const digestOf = (text: string): Uint8Array => createHash('sha3-256').update(text, 'utf8').digest()

const identityOfPublicKey = (uncompressed: Uint8Array): string => bytesToHex(digestOf(bytesToHex(uncompressed)))

/**
 * Reads a private key: 32 bytes as 64 hex digits, greater than zero and below the order of the curve.
 * @throws TypeError that says what was wrong with the form, never what the key was.
 */
export const parsePrivateKey = (hex: string): Uint8Array => {
  if (!PRIVATE_KEY_PATTERN.test(hex)) {
    throw new TypeError(`A Colonies private key is 64 hex digits; received a text of ${hex.length} characters.`)
  }
  const key = hexToBytes(hex)
  assertPrivateKey(key)
  return key
}

/**
 * Checks a private key given as bytes.
 * @throws TypeError when it is not 32 bytes or out of the range of the curve.
 */
export const assertPrivateKey = (privateKey: Uint8Array): void => {
  if (privateKey.length !== 32) {
    throw new TypeError(`A Colonies private key is 32 bytes; received ${privateKey.length}.`)
  }
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new TypeError('The Colonies private key is zero or not below the order of secp256k1.')
  }
}

/** A fresh private key from the system's random source, 32 bytes. */
export const generatePrivateKey = (): Uint8Array => secp256k1.utils.randomSecretKey()

/** The identity (64 lower-case hex digits) by which a Colonies server knows the holder of this key. */
export const identityOf = (privateKey: Uint8Array): string => {
  assertPrivateKey(privateKey)
  return identityOfPublicKey(secp256k1.getPublicKey(privateKey, false))
}

/**
 * Signs the text of a payload (in an envelope: the base64 text).
 * @returns r, s and the recovery id (0 to 3) as 130 lower-case hex digits.
 */
export const sign = (payload: string, privateKey: Uint8Array): string => {
  const recovered = secp256k1.sign(digestOf(payload), privateKey, { prehash: false, lowS: true, format: 'recovered' })
  return bytesToHex(recovered.subarray(1)) + bytesToHex(recovered.subarray(0, 1))
}

/**
 * The identity that made a signature, or null when the signature is malformed or refused.
 *
 * Accepts what a Colonies server accepts: hex in either case, a recovery id of 0 to 7 where 4 to 7 mean 0 to 3; refuses
 * 27 and 28, a high s and values outside the curve. A result is not proof of membership: a damaged signature may
 * recover to somebody unknown.
 */
export const recoverIdentity = (payload: string, signatureHex: string): string | null => {
  if (!SIGNATURE_PATTERN.test(signatureHex)) return null
  const bytes = hexToBytes(signatureHex)
  const recoveryId = bytes[64] ?? 255
  if (recoveryId > 7) return null
  const digest = digestOf(payload)
  try {
    const signature = secp256k1.Signature.fromBytes(bytes.subarray(0, 64)).addRecoveryBit(recoveryId & 3)
    if (signature.hasHighS()) return null
    const point = signature.recoverPublicKey(digest)
    return identityOfPublicKey(point.toBytes(false))
  } catch {
    return null
  }
}

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { decodeBase64url } from './base64url.ts'

const MOST_CACHED = 256
const imported = new Map<string, KeyObject>()

/**
 * What is wrong with an Ed25519 public key given in base64url, or undefined when it is good. node:crypto takes any 32
 * bytes; we also refuse bytes that are no point, and points of small order, under which one signature fits any message.
 */
export function publicKeyProblem(x: string): string | undefined {
  const bytes = decodeBase64url(x)
  if (bytes === undefined) return 'expected base64url without padding'
  if (bytes.length !== 32) return `expected 32 bytes, received ${bytes.length}`
  try {
    return ed25519.Point.fromBytes(bytes).isSmallOrder() ? 'expected a point of large order' : undefined
  } catch {
    return 'expected a point on the curve'
  }
}

/**
 * True when `signature` over `message` was made by the key. Key objects are costly to make and few, so they are kept.
 */
export function verifySignature(x: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = imported.get(x) ?? importPublicKey(x)
  return key !== undefined && signature.length === 64 && verify(null, message, key, signature)
}

function importPublicKey(x: string): KeyObject | undefined {
  if (publicKeyProblem(x) !== undefined) return undefined
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const oldest = imported.keys().next()
  if (imported.size >= MOST_CACHED && !oldest.done) imported.delete(oldest.value)
  imported.set(x, key)
  return key
}

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { parseSeed } from './seed.ts'
import { thumbprint } from './thumbprint.ts'
import type { TrustedKey } from './types.ts'

/** DER of a PKCS #8 Ed25519 private key up to its seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  /** Public key, base64url. */
  readonly x: string
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'EdDSA'
}

/**
 * An Ed25519 private key that signs and shows nothing else: the seed lives in a private field, so that neither
 * `util.inspect` nor `JSON.stringify` nor an error can print it.
 */
export class SigningKey {
  readonly #privateKey: KeyObject
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string
  readonly publicJwk: PublicJwk

  /**
   * @param seed 32 bytes, or 64 hex digits.
   * @throws BeeError BEE_CONFIG_INVALID
   */
  constructor(seed: Uint8Array | string) {
    const bytes = parseSeed(typeof seed === 'string' ? seed : Buffer.from(seed).toString('hex'))
    this.#privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: 'der', type: 'pkcs8' })
    const x = String(createPublicKey(this.#privateKey).export({ format: 'jwk' }).x)
    this.kid = thumbprint(x)
    this.publicJwk = Object.freeze({ kty: 'OKP', crv: 'Ed25519', x, kid: this.kid, use: 'sig', alg: 'EdDSA' })
    Object.freeze(this)
  }

  /** The key as those see it who verify; always valid unless a window is given (seconds since 1970). */
  trusted(window: Pick<TrustedKey, 'notBefore' | 'notAfter'> = {}): TrustedKey {
    return { kid: this.kid, x: this.publicJwk.x, ...window }
  }

  /** 64 bytes. Deterministic (RFC 8032): the same message gives the same signature. */
  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.#privateKey)
  }

  toJSON(): PublicJwk {
    return this.publicJwk
  }
}

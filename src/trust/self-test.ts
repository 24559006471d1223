import nacl from 'tweetnacl'
import { BeeError } from '../errors.ts'
import { verifySignature } from './public-key.ts'
import { SigningKey } from './signing-key.ts'

/** RFC 8032 section 7.1, tests 1 to 3: seed, message and the start of the signature, hex. */
const VECTORS = [
  ['9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', '', 'e5564300c360ac72'],
  ['4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', '72', '92a009a9f0d4cab8'],
  ['c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', 'af82', '6291d657deec2402'],
] as const

/** What the self-test compares: the two ways of signing and verifying. */
export interface Ed25519Implementation {
  readonly sign: (seed: Uint8Array, message: Uint8Array) => Uint8Array
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
}

const nodeCrypto: Ed25519Implementation = {
  sign: (seed, message) => new SigningKey(seed).sign(message),
  verify: (publicKey, message, signature) =>
    verifySignature(Buffer.from(publicKey).toString('base64url'), message, signature),
}

const tweetnacl: Ed25519Implementation = {
  sign: (seed, message) => nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(seed).secretKey),
  verify: (publicKey, message, signature) => nacl.sign.detached.verify(message, signature, publicKey),
}

/**
 * Run once at start-up, some 50 ms: node:crypto, which signs, and tweetnacl, which is the reference, must give the same
 * 64 bytes, accept each other's signatures and refuse a changed message.
 *
 * @throws BeeError BEE_SELF_TEST_FAILED
 */
export function selfTest(fast: Ed25519Implementation = nodeCrypto, reference: Ed25519Implementation = tweetnacl): void {
  for (const [index, [seedHex, messageHex, expectedHex]] of VECTORS.entries()) {
    const failed = (problem: string) => new BeeError('BEE_SELF_TEST_FAILED', `Ed25519 test ${index + 1}: ${problem}`)
    const seed = bytesOf(seedHex)
    const message = bytesOf(messageHex)
    const changed = Uint8Array.from([...message, 1])
    const { publicKey } = nacl.sign.keyPair.fromSeed(seed)
    const signature = fast.sign(seed, message)
    const hex = Buffer.from(signature).toString('hex')
    if (signature.length !== 64 || !hex.startsWith(expectedHex))
      throw failed('the signature is not the one of RFC 8032')
    if (hex !== Buffer.from(reference.sign(seed, message)).toString('hex')) throw failed('the signatures differ')
    for (const implementation of [fast, reference]) {
      if (!implementation.verify(publicKey, message, signature)) throw failed('a good signature is refused')
      if (implementation.verify(publicKey, changed, signature)) throw failed('a changed message is accepted')
    }
  }
}

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

import { createECDH, createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, identityOf, parsePrivateKey, recoverIdentity, sign } from '../../src/colonies/index.ts'
import { readJson } from './transcript.ts'

interface Vectors {
  readonly keys: readonly { prvkey: string; id: string; publickey: string }[]
  readonly invalidKeys: readonly { prvkey: string }[]
  readonly signatures: readonly { prvkey: string; id: string; message: string; signature: string }[]
  readonly recoveries: readonly {
    what: string
    message: string
    signature: string
    recoveredId?: string
    rejected?: boolean
  }[]
}

const vectors = readJson('crypto-vectors.json') as Vectors

describe('identity', () => {
  it('is that of the server for all recorded keys', () => {
    expect(vectors.keys).toHaveLength(20)
    for (const { prvkey, id } of vectors.keys) expect(identityOf(parsePrivateKey(prvkey))).toBe(id)
  })

  it('accepts a key in upper case', () => {
    for (const { prvkey, id } of vectors.keys) expect(identityOf(parsePrivateKey(prvkey.toUpperCase()))).toBe(id)
  })

  it.each(vectors.invalidKeys.map(({ prvkey }) => [prvkey]))(
    'refuses the key "%s" and does not repeat it',
    (prvkey) => {
      let thrown: unknown
      try {
        parsePrivateKey(prvkey)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(TypeError)
      if (prvkey.length > 8) expect(inspect(thrown)).not.toContain(prvkey)
    },
  )

  it('refuses bytes that are no key', () => {
    expect(() => identityOf(new Uint8Array(31))).toThrow(TypeError)
    expect(() => identityOf(new Uint8Array(32))).toThrow(TypeError)
    expect(() => identityOf(new Uint8Array(32).fill(255))).toThrow(TypeError)
  })

  it('of a fresh key is what OpenSSL derives, and its signatures recover to it', () => {
    for (let round = 0; round < 20; round++) {
      const key = generatePrivateKey()
      const ecdh = createECDH('secp256k1')
      ecdh.setPrivateKey(key)
      const publicKeyText = ecdh.getPublicKey('hex', 'uncompressed')
      expect(identityOf(key)).toBe(createHash('sha3-256').update(publicKeyText).digest('hex'))
      expect(recoverIdentity('message', sign('message', key))).toBe(identityOf(key))
    }
  })
})

describe('signatures', () => {
  it('are those of the server, byte for byte, and recover to their identity', () => {
    expect(vectors.signatures).toHaveLength(50)
    for (const { prvkey, id, message, signature } of vectors.signatures) {
      expect(sign(message, parsePrivateKey(prvkey))).toBe(signature)
      expect(recoverIdentity(message, signature)).toBe(id)
    }
  })

  it.each(vectors.recoveries.map((vector) => [vector.what, vector] as const))('recovery: %s', (_what, vector) => {
    const expected = vector.rejected ? null : (vector.recoveredId ?? 'no expectation recorded')
    expect(recoverIdentity(vector.message, vector.signature)).toBe(expected)
  })
})

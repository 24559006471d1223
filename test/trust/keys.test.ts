import { inspect } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { generateSeed, parseSeed, parseTrustedKeys, SigningKey, selfTest } from '../../src/trust/index.ts'
import { keyNamed } from './fixtures.ts'

const seed = generateSeed()
const key = new SigningKey(seed)

describe('a signing key', () => {
  it('has the thumbprint that RFC 7638 defines', async () => {
    expect(key.kid).toBe(await calculateJwkThumbprint({ ...key.publicJwk }))
  })

  it('signs as tweetnacl does', () => {
    const pair = nacl.sign.keyPair.fromSeed(parseSeed(seed))
    const message = Buffer.from('message')
    expect(Buffer.from(key.publicJwk.x, 'base64url')).toEqual(Buffer.from(pair.publicKey))
    expect(Buffer.from(key.sign(message))).toEqual(Buffer.from(nacl.sign.detached(message, pair.secretKey)))
  })

  it('shows its seed in no way that a program prints things', () => {
    const secrets = [seed, Buffer.from(seed, 'hex').toString('base64'), Buffer.from(seed, 'hex').toString('base64url')]
    const printed = [
      inspect(key, { showHidden: true, depth: 10, getters: true }),
      JSON.stringify(key),
      JSON.stringify({ key }),
      String(key),
      JSON.stringify(Object.getOwnPropertyDescriptors(key)),
      inspect(new Error('failed', { cause: key }), { depth: 10 }),
    ].join('\n')
    for (const secret of secrets) expect(printed).not.toContain(secret.slice(0, 16))
    // The bytes themselves would print as numbers or hex pairs.
    expect(printed.replaceAll(/[^0-9a-f]/g, '')).not.toContain(seed.slice(0, 16))
    expect(printed).toContain(key.kid)
  })

  it.each([
    ['nothing', '', '0 of them'],
    ['too little', 'ab'.repeat(31), '62 of them'],
    ['too much', 'ab'.repeat(33), '66 of them'],
    ['other letters', 'xy'.repeat(32), '64 characters, some of them no digits'],
  ])('is not made of %s', (_, text, message) => {
    expect(() => parseSeed(text, 'BEES_RECEIPT_KEY')).toThrow(
      `BEES_RECEIPT_KEY: expected 64 hex digits (32 bytes), received ${message}`,
    )
    if (text !== '')
      expect(() => parseSeed(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining(text) }))
  })
})

describe('trusted submitters', () => {
  const { x, kid } = keyNamed('submitter').publicJwk

  it('are read with and without kid and times', () => {
    const listed = [
      { x },
      { kid: key.kid, x: key.publicJwk.x, notBefore: '2026-01-01T00:00:00Z', notAfter: 1_800_000_000 },
    ]
    expect(parseTrustedKeys(JSON.stringify(listed))).toEqual([
      { kid, x, notBefore: undefined, notAfter: undefined },
      { kid: key.kid, x: key.publicJwk.x, notBefore: 1_767_225_600, notAfter: 1_800_000_000 },
    ])
    expect(parseTrustedKeys('[]')).toEqual([])
  })

  it.each([
    ['no JSON', '[', 'expected a JSON array'],
    ['no array', '{}', 'expected a JSON array'],
    ['no key', '[{}]', 'at [0] x'],
    ['an unknown member', JSON.stringify([{ x, seed: 'a' }]), 'at [0]'],
    ['no base64url', JSON.stringify([{ x: `${x}=` }]), '[0].x: expected base64url'],
    ['another length', JSON.stringify([{ x }, { x: 'AAAA' }]), '[1].x: expected 32 bytes, received 3'],
    [
      'a point of small order',
      JSON.stringify([{ x: `AQ${'A'.repeat(41)}` }]),
      '[0].x: expected a point of large order',
    ],
    ['the kid of another', JSON.stringify([{ x, kid: key.kid }]), `expected the RFC 7638 thumbprint ${kid}`],
    ['a key twice', JSON.stringify([{ x }, { x }]), 'is listed twice'],
    ['a window that never opens', JSON.stringify([{ x, notBefore: 2, notAfter: 1 }]), 'later than notBefore'],
    ['a time in words', JSON.stringify([{ x, notAfter: 'soon' }]), 'at [0] notAfter; expected seconds'],
  ])('are refused: %s', (_, json, message) => {
    try {
      parseTrustedKeys(json)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'BEE_CONFIG_INVALID' })
      expect(String(error)).toContain('BEES_TRUSTED_SUBMITTERS: ')
      expect(String(error).replace('notAfter:', 'notAfter;')).toContain(message)
    }
  })
})

describe('the self-test', () => {
  const good = {
    sign: (seedBytes: Uint8Array, message: Uint8Array) => new SigningKey(seedBytes).sign(message),
    verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      nacl.sign.detached.verify(message, signature, publicKey),
  }

  it('passes on this machine', () => {
    expect(() => selfTest()).not.toThrow()
    expect(() => selfTest(good)).not.toThrow()
  })

  it.each([
    ['signs wrongly', { ...good, sign: () => new Uint8Array(64) }, 'not the one of RFC 8032'],
    ['signs with another nonce', { ...good, sign: flipLast }, 'the signatures differ'],
    ['accepts nothing', { ...good, verify: () => false }, 'a good signature is refused'],
    ['accepts anything', { ...good, verify: () => true }, 'a changed message is accepted'],
  ])('notices an implementation that %s', (_, bad, message) => {
    expect(() => selfTest(bad)).toThrow(expect.objectContaining({ code: 'BEE_SELF_TEST_FAILED' }))
    expect(() => selfTest(bad)).toThrow(message)
  })

  function flipLast(seedBytes: Uint8Array, message: Uint8Array): Uint8Array {
    const signature = Uint8Array.from(good.sign(seedBytes, message))
    signature[63] = (signature[63] ?? 0) ^ 1
    return signature
  }
})

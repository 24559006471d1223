import fc from 'fast-check'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf, sha256 } from '../../src/canonical.ts'
import {
  jwksOf,
  parseJwks,
  publishedKey,
  ReceiptChain,
  type ReceiptClaims,
  verifyReceipt,
  verifyReceiptPortable,
} from '../../src/trust/index.ts'
import { digest, draft, keyNamed, NOW_MS, signedToken } from './fixtures.ts'

const hive = keyNamed('hive')
const stranger = keyNamed('stranger')
const keys = [hive.trusted()]
const chainOf = (key = hive) =>
  new ReceiptChain({ key, colony: 'hive', executor: digest('executor'), now: () => NOW_MS })
const receipt = chainOf().sign(draft)
const header = JSON.stringify({ alg: 'EdDSA', kid: hive.kid, typ: 'bee-receipt+jwt' })
const resigned = (changes: Partial<ReceiptClaims>) =>
  signedToken(header, canonicalJson({ ...receipt.claims, ...changes }), hive)
const codes = (verdict: ReturnType<typeof verifyReceipt>) =>
  verdict.ok ? [] : verdict.findings.map(({ code }) => code)

describe('a receipt', () => {
  it('says what was signed and has its place in the chain', () => {
    expect(receipt).toMatchObject({ seq: 1, previous: null, kid: hive.kid, digest: sha256(receipt.jws) })
    expect(verifyReceipt(receipt.jws, keys)).toEqual({ ok: true, kid: hive.kid, claims: receipt.claims })
    expect(receipt.claims).toEqual({
      ...draft,
      v: 1,
      colony: 'hive',
      executor: digest('executor'),
      iat: NOW_MS / 1000,
      seq: 1,
      previous: null,
    })
  })

  it('is accepted by jose with the published key set, and refused by it when altered', async () => {
    const set = createLocalJWKSet(JSON.parse(JSON.stringify(jwksOf(keys))))
    const options = { typ: 'bee-receipt+jwt', algorithms: ['EdDSA'] }
    const { payload } = await jwtVerify(receipt.jws, set, options)
    expect(payload).toEqual(receipt.claims)
    const [head, , tail] = receipt.jws.split('.')
    const altered = Buffer.from(canonicalJson({ ...receipt.claims, output: digest('better') })).toString('base64url')
    await expect(jwtVerify(`${head}.${altered}.${tail}`, set, options)).rejects.toThrow('signature')
  })

  it.each([
    [
      'another process',
      { process: digest('other') },
      `process: expected "${digest('other')}", the receipt says "${draft.process}"`,
    ],
    [
      'another output',
      { output: digestOf({}) },
      `output: expected "${digestOf({})}", the receipt says "${draft.output}"`,
    ],
    ['another outcome', { outcome: 'failed' as const }, 'outcome: expected "failed", the receipt says "applied"'],
    ['another fence', { fence: { ...draft.fence, retries: 2 } }, 'fence: expected {"retries":2'],
    ['other ledger rows', { ledger: [] }, 'ledger: expected []'],
  ])('does not speak of %s', (_, expectations, message) => {
    const verdict = verifyReceipt(receipt.jws, keys, expectations)
    expect(codes(verdict)).toEqual(['BEE_RECEIPT_MISMATCH'])
    expect(!verdict.ok && verdict.findings[0]?.message).toContain(message)
  })

  it('is compared with nothing that the caller leaves out', () => {
    const fence = { starttime: draft.fence.starttime, retries: 1 }
    expect(codes(verifyReceipt(receipt.jws, keys, { fence, ledger: draft.ledger, task: undefined }))).toEqual([])
  })

  it('lists everything that is wrong at once', () => {
    const forged = signedToken(header, canonicalJson({ ...receipt.claims, bee: 'security' }), stranger)
    const window = [hive.trusted({ notAfter: NOW_MS / 1000 - 1 })]
    expect(codes(verifyReceipt(forged, window, { bee: 'finance', task: 'refund' }))).toEqual([
      'BEE_RECEIPT_KEY_NOT_VALID',
      'BEE_RECEIPT_SIGNATURE',
      'BEE_RECEIPT_MISMATCH',
      'BEE_RECEIPT_MISMATCH',
    ])
  })

  it('needs a key that is known and was valid when it was signed', () => {
    const at = NOW_MS / 1000
    expect(codes(verifyReceipt(receipt.jws, [stranger.trusted()]))).toEqual(['BEE_RECEIPT_KEY_UNKNOWN'])
    expect(codes(verifyReceipt(receipt.jws, [{ kid: hive.kid, x: stranger.publicJwk.x }]))).toEqual([
      'BEE_RECEIPT_SIGNATURE',
    ])
    expect(codes(verifyReceipt(receipt.jws, [hive.trusted({ notBefore: at, notAfter: at })]))).toEqual([])
    expect(codes(verifyReceipt(receipt.jws, [hive.trusted({ notBefore: at + 1 })]))).toEqual([
      'BEE_RECEIPT_KEY_NOT_VALID',
    ])
    expect(codes(verifyReceipt(receipt.jws, [hive.trusted({ notAfter: at - 1 })]))).toEqual([
      'BEE_RECEIPT_KEY_NOT_VALID',
    ])
  })

  it.each([
    ['no token', 'receipt'],
    ['an envelope', signedToken(header.replace('receipt', 'task'), canonicalJson(receipt.claims), hive)],
    ['a missing claim', signedToken(header, canonicalJson({ ...receipt.claims, seq: undefined }), hive)],
    ['an unknown claim', signedToken(header, canonicalJson({ ...receipt.claims, more: 1 }), hive)],
    ['a place before the first', resigned({ seq: 0 })],
    ['a digest of another length', resigned({ output: 'ab' })],
    ['a claim twice', signedToken(header, `{"task":"refund",${canonicalJson(receipt.claims).slice(1)}`, hive)],
  ])('is malformed: %s', (_, jws) => {
    expect(codes(verifyReceipt(jws, keys))).toEqual(['BEE_RECEIPT_MALFORMED'])
  })

  it('is refused whichever single bit of it flips', () => {
    const bytes = Buffer.from(receipt.jws, 'latin1')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verifyReceipt(flipped.toString('latin1'), keys).ok, `bit ${bit}`).toBe(false)
    }
  })

  it('gets the same verdict from tweetnacl as from node:crypto', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), fc.string(), fc.nat(), (seed, genuine, error, position) => {
        const key = keyNamed(`key ${seed}`)
        const { jws } = chainOf(genuine ? key : stranger).sign({
          ...draft,
          error: error.toWellFormed().slice(0, 99) || null,
        })
        const at = position % (jws.length * 2)
        // Half of the positions are beyond the end: those receipts stay as they are.
        const presented = at < jws.length ? `${jws.slice(0, at)}A${jws.slice(at + 1)}` : jws
        const here = verifyReceipt(presented, [key.trusted()])
        expect(verifyReceiptPortable(presented, [key.trusted()])).toEqual(here)
        if (here.ok) accepted += 1
      }),
      { seed: 20260102, numRuns: 300 },
    )
    expect(accepted).toBeGreaterThan(30)
    expect(accepted).toBeLessThan(270)
  })
})

describe('a set of public keys', () => {
  const windowed = { ...hive.trusted(), notBefore: 1000, notAfter: 2000 }

  it('comes back as it was', () => {
    const text = JSON.stringify(jwksOf([windowed, stranger.trusted()]))
    expect(JSON.parse(text).keys[0]).toEqual({ ...hive.publicJwk, nbf: 1000, exp: 2000 })
    expect(parseJwks(text)).toEqual([windowed, { ...stranger.trusted(), notBefore: undefined, notAfter: undefined }])
  })

  it('may hold keys of other kinds, which are passed over', () => {
    expect(parseJwks({ keys: [{ kty: 'RSA', n: 'AQAB' }, hive.publicJwk] })).toHaveLength(1)
  })

  it('is read from rows of the ledger as well', () => {
    const row = { kid: 'k', x: 'x', not_before: '1970-01-01T00:16:40.500Z', not_after: null }
    expect(publishedKey(row)).toEqual({ kid: 'k', x: 'x', notBefore: 1000, notAfter: undefined })
    expect(publishedKey({ ...row, not_after: '1970-01-01T00:33:20Z' }).notAfter).toBe(2000)
  })

  it.each([
    ['no JSON', '{', 'expected JSON of the form'],
    ['no keys', { key: [] }, 'expected JSON of the form'],
    ['a private key', { keys: [{ ...hive.publicJwk, d: 'secret' }] }, 'a private key'],
    ['a short key', { keys: [{ ...hive.publicJwk, x: 'AAAA' }] }, 'expected 32 bytes'],
    ['a point of small order', { keys: [{ ...hive.publicJwk, x: 'A'.repeat(43) }] }, 'large order'],
    [
      'no point at all',
      { keys: [{ ...hive.publicJwk, x: Buffer.alloc(32, 2).toString('base64url') }] },
      'on the curve',
    ],
    ['the kid of another', { keys: [{ ...hive.publicJwk, kid: stranger.kid }] }, 'thumbprint'],
    ['a time that is text', { keys: [{ ...hive.publicJwk, nbf: '2026' }] }, 'keys[0].nbf'],
  ])('is refused: %s', (_, source, message) => {
    expect(() => parseJwks(source)).toThrow(message)
    try {
      parseJwks(source)
    } catch (error) {
      expect(error).toMatchObject({ code: 'BEE_KEYS_MALFORMED' })
      expect(String(error)).not.toContain('secret')
    }
  })
})

import fc from 'fast-check'
import { importJWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf } from '../../src/canonical.ts'
import { BeeError } from '../../src/errors.ts'
import { type EnvelopeClaims, signEnvelope, verifyEnvelope } from '../../src/trust/index.ts'
import { keyNamed, NOW_MS, signedToken } from './fixtures.ts'

const submitter = keyNamed('submitter')
const stranger = keyNamed('stranger')
const subject = { colony: 'hive', bee: 'finance', task: 'apply_stripe_event', input: { id: 'evt_1', amount: 12.5 } }
const expected = { ...subject, trusted: [submitter.trusted()], nowMs: NOW_MS }
const token = signEnvelope(subject, submitter, { nowMs: NOW_MS })
const [head = '', body = '', tail = ''] = token.split('.')

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return error instanceof BeeError ? error.code : `foreign: ${String(error)}`
  }
}
const verdict = (presented: unknown, changes: Partial<Parameters<typeof verifyEnvelope>[1]> = {}) =>
  codeOf(() => verifyEnvelope(presented, { ...expected, ...changes }))

describe('a task envelope', () => {
  it('is admitted, and names the nonce that is to be used up', () => {
    const { claims, nonce } = verifyEnvelope(token, expected)
    expect(claims).toMatchObject({ v: 1, aud: 'hive', bee: 'finance', input: digestOf(subject.input) })
    expect(claims.exp - claims.iat).toBe(7 * 24 * 3600)
    expect(nonce).toEqual({ kid: submitter.kid, nonce: claims.jti, expires_at: '2026-01-09T03:06:05.000Z' })
  })

  it('does not depend on the order of members', () => {
    expect(verdict(token, { input: { amount: 12.5, id: 'evt_1' } })).toBe('accepted')
  })

  it('has another nonce each time', () => {
    const other = verifyEnvelope(signEnvelope(subject, submitter, { nowMs: NOW_MS }), expected)
    expect(other.nonce.nonce).not.toBe(verifyEnvelope(token, expected).nonce.nonce)
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 367 * 86_400_000])('is not made for %d ms', (validForMs) => {
    expect(codeOf(() => signEnvelope(subject, submitter, { nowMs: NOW_MS, validForMs }))).toBe('BEE_USAGE')
  })

  it('can be verified by jose', async () => {
    const key = await importJWK({ ...submitter.publicJwk }, 'EdDSA')
    const options = { audience: 'hive', typ: 'bee-task+jwt', currentDate: new Date(NOW_MS) }
    await expect(jwtVerify(token, key, options)).resolves.toMatchObject({ payload: { task: 'apply_stripe_event' } })
    await expect(jwtVerify(`${head}.${body}.${tail.slice(0, -4)}AAAA`, key, options)).rejects.toThrow('signature')
  })

  it.each([
    ['none', undefined],
    ['null', null],
    ['an empty one', ''],
  ])('is missed: %s', (_, presented) => {
    expect(verdict(presented)).toBe('BEE_ENVELOPE_MISSING')
  })

  it.each([
    ['by an unknown key', signEnvelope(subject, stranger, { nowMs: NOW_MS }), {}, 'BEE_ENVELOPE_UNTRUSTED'],
    ['in the name of a trusted key', forged(), {}, 'BEE_ENVELOPE_SIGNATURE'],
    [
      'with the claims of another',
      `${head}.${Buffer.from('{}').toString('base64url')}.${tail}`,
      {},
      'BEE_ENVELOPE_SIGNATURE',
    ],
    ['for another colony', token, { colony: 'other' }, 'BEE_ENVELOPE_FOREIGN'],
    ['for another bee', token, { bee: 'security' }, 'BEE_ENVELOPE_FOREIGN'],
    ['for another task', token, { task: 'refund' }, 'BEE_ENVELOPE_FOREIGN'],
    ['for another input', token, { input: { id: 'evt_1', amount: 12.51 } }, 'BEE_ENVELOPE_ALTERED'],
    ['for a richer input', token, { input: { ...subject.input, more: null } }, 'BEE_ENVELOPE_ALTERED'],
    ['for an input without canonical text', token, { input: { id: '\ud800' } }, 'BEE_ENVELOPE_ALTERED'],
    ['beyond its time', token, { nowMs: NOW_MS + 7 * 86_400_000 + 60_000 }, 'BEE_ENVELOPE_EXPIRED'],
    ['just within its time and the skew', token, { nowMs: NOW_MS + 7 * 86_400_000 + 59_999 }, 'accepted'],
    ['from the future', token, { nowMs: NOW_MS - 60_001 }, 'BEE_ENVELOPE_FUTURE'],
    ['from a clock that is a little ahead', token, { nowMs: NOW_MS - 60_000 }, 'accepted'],
    ['with less skew allowed', token, { nowMs: NOW_MS - 60_000, skewMs: 1000 }, 'BEE_ENVELOPE_FUTURE'],
  ])('signed %s', (_, presented, changes, code) => {
    expect(verdict(presented, changes)).toBe(code)
  })

  it('is refused outside the window of its key, even with a date within it', () => {
    const seconds = NOW_MS / 1000
    const trusted = (window: { notBefore?: number; notAfter?: number }) => ({ trusted: [submitter.trusted(window)] })
    expect(verdict(token, trusted({ notBefore: seconds, notAfter: seconds }))).toBe('accepted')
    expect(verdict(token, trusted({ notBefore: seconds + 1 }))).toBe('BEE_ENVELOPE_UNTRUSTED')
    expect(verdict(token, { ...trusted({ notAfter: seconds }), nowMs: NOW_MS + 60_001 })).toBe('BEE_ENVELOPE_UNTRUSTED')
  })

  it('passes through a rotation: old and new key overlap', () => {
    const next = keyNamed('next submitter')
    const day = 86_400_000
    const endsAt = (NOW_MS + 10 * day) / 1000
    const trusted = [submitter.trusted({ notAfter: endsAt }), next.trusted({ notBefore: NOW_MS / 1000 })]
    const late = signEnvelope(subject, submitter, { nowMs: NOW_MS + 2 * day })
    const fresh = signEnvelope(subject, next, { nowMs: NOW_MS + 2 * day })
    for (const presented of [late, fresh])
      expect(verdict(presented, { trusted, nowMs: NOW_MS + 3 * day })).toBe('accepted')
    const after = NOW_MS + 11 * day
    const old = signEnvelope(subject, submitter, { nowMs: after })
    expect(verdict(old, { trusted, nowMs: after })).toBe('BEE_ENVELOPE_UNTRUSTED')
    expect(verdict(signEnvelope(subject, next, { nowMs: after }), { trusted, nowMs: after })).toBe('accepted')
  })
})

describe('a malformed envelope', () => {
  const header = { alg: 'EdDSA', kid: submitter.kid, typ: 'bee-task+jwt' }
  const claims: EnvelopeClaims = verifyEnvelope(token, expected).claims
  const text = canonicalJson(claims)
  const withHeader = (changes: object) => signedToken(JSON.stringify({ ...header, ...changes }), text, submitter)
  const withClaims = (changes: object) =>
    signedToken(JSON.stringify(header), JSON.stringify({ ...claims, ...changes }), submitter)

  it('is told from a good one that was put together in the same way', () => {
    expect(verdict(signedToken(JSON.stringify(header), text, submitter))).toBe('accepted')
    expect(verdict(signedToken(JSON.stringify(header, null, 1), JSON.stringify(claims, null, 1), submitter))).toBe(
      'accepted',
    )
  })

  it.each([
    ['no string', 42],
    ['an object', { token }],
    ['two parts', `${head}.${body}`],
    ['four parts', `${token}.${tail}`],
    ['no signature', `${head}.${body}.`],
    ['a short signature', token.slice(0, -4)],
    ['a long one', `${token}AAAA`],
    ['padding', `${token}==`],
    ['white space', `${token}\n`],
    ['the other base64 alphabet', `${head}.${body}.${'+'.repeat(86)}`],
    ['trailing bits', `${head}.${body}.${tail.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[tail.slice(-1)]}`],
    ['too much', `${head}.${'A'.repeat(70_000)}.${tail}`],
    ['alg none', withHeader({ alg: 'none' })],
    ['alg none without signature', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`],
    ['another alg', withHeader({ alg: 'HS256' })],
    ['alg in other case', withHeader({ alg: 'eddsa' })],
    ['crit', withHeader({ crit: ['exp'] })],
    ['an embedded key', withHeader({ jwk: stranger.publicJwk })],
    ['no kid', withHeader({ kid: undefined })],
    ['an empty kid', withHeader({ kid: '' })],
    ['a kid that is no string', withHeader({ kid: [submitter.kid] })],
    ['the typ of a receipt', withHeader({ typ: 'bee-receipt+jwt' })],
    ['no typ', withHeader({ typ: undefined })],
    ['a header member twice', signedToken(`${JSON.stringify(header).slice(0, -1)},"alg":"EdDSA"}`, text, submitter)],
    ['a header that is a list', signedToken('["EdDSA"]', text, submitter)],
    ['a header that is no JSON', signedToken('{', text, submitter)],
    ['a claim twice', signedToken(JSON.stringify(header), `{"bee":"finance",${text.slice(1)}`, submitter)],
    [
      'a claim twice, once escaped',
      signedToken(JSON.stringify(header), `{"b\\u0065e":"x",${text.slice(1)}`, submitter),
    ],
    ['claims with a byte order mark', signedToken(JSON.stringify(header), `\ufeff${text}`, submitter)],
    ['claims that are no object', signedToken(JSON.stringify(header), 'null', submitter)],
    ['an unknown claim', withClaims({ sub: 'me' })],
    ['another version', withClaims({ v: 2 })],
    ['no nonce', withClaims({ jti: undefined })],
    ['a short nonce', withClaims({ jti: 'AAAA' })],
    ['a digest in capitals', withClaims({ input: claims.input.toUpperCase() })],
    ['a time that is text', withClaims({ exp: String(claims.exp) })],
    ['a time beyond every calendar', withClaims({ exp: 1e15 })],
    ['an end before its beginning', withClaims({ exp: claims.iat })],
    ['a list of colonies', withClaims({ aud: ['hive'] })],
  ])('is refused: %s', (_, presented) => {
    expect(verdict(presented)).toBe('BEE_ENVELOPE_MALFORMED')
  })

  it('is not even looked at when it is too long', () => {
    const long = withClaims({ jti: 'A'.repeat(60_000) })
    expect(() => verifyEnvelope(long, expected)).toThrow('expected at most 65536 characters')
  })

  it('is refused whichever single bit of it flips', () => {
    const bytes = Buffer.from(token, 'latin1')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const code = verdict(flipped.toString('latin1'))
      expect(code, `bit ${bit}`).toMatch(/^BEE_ENVELOPE_(MALFORMED|UNTRUSTED|SIGNATURE)$/)
    }
  })

  it('never brings anything but a coded refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.anything(),
          fc.tuple(fc.string(), fc.base64String()).map((p) => p.join('.')),
        ),
        (junk) => {
          expect(verdict(junk)).toMatch(/^BEE_ENVELOPE_(MALFORMED|MISSING)$/)
        },
      ),
      { seed: 20260102, numRuns: 500 },
    )
  })
})

function forged(): string {
  const header = JSON.stringify({ alg: 'EdDSA', kid: submitter.kid, typ: 'bee-task+jwt' })
  return signedToken(header, Buffer.from(body, 'base64url').toString(), stranger)
}

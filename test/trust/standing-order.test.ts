import { describe, expect, it } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import {
  type EnvelopeClaims,
  LONGEST_ORDER_MS,
  signEnvelope,
  verifyEnvelope,
  verifyOrigin,
} from '../../src/trust/index.ts'
import { keyNamed, NOW_MS, signedToken } from './fixtures.ts'

const submitter = keyNamed('submitter')
const stranger = keyNamed('stranger')
const subject = { colony: 'hive', bee: 'finance', task: 'reconcile_stripe', input: { days: 30 } }
const everyS = 3600
const hourMs = everyS * 1000
const dayMs = 24 * hourMs
const order = signEnvelope(subject, submitter, { nowMs: NOW_MS, everyS, validForMs: LONGEST_ORDER_MS })
const expected = { ...subject, trusted: [submitter.trusted()], nowMs: NOW_MS }
type Changes = Partial<Parameters<typeof verifyEnvelope>[1]>

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return error instanceof BeeError ? error.code : `foreign: ${String(error)}`
  }
}
const verdict = (changes: Changes = {}, presented: unknown = order) =>
  codeOf(() => verifyEnvelope(presented, { ...expected, ...changes }))
const nonceOf = (changes: Changes = {}, presented: unknown = order) =>
  verifyEnvelope(presented, { ...expected, ...changes }).nonce.nonce

/** Claims as an attacker with the trusted key could sign them, or (with another key) as anybody could. */
const claims: EnvelopeClaims = verifyEnvelope(order, expected).claims
const header = JSON.stringify({ alg: 'EdDSA', kid: submitter.kid, typ: 'bee-task+jwt' })
const tokenWith = (changes: object, key = submitter) =>
  signedToken(header, JSON.stringify({ ...claims, ...changes }), key)

describe('a standing order', () => {
  it('is good for each slot once: one nonce a slot, whenever in the slot a process comes', () => {
    const startMs = Math.ceil(NOW_MS / hourMs) * hourMs
    const at = (ms: number) => nonceOf({ nowMs: ms, submittedAtMs: ms })
    expect(at(startMs)).toBe(at(startMs + hourMs - 1))
    expect(at(startMs + hourMs)).not.toBe(at(startMs))
    // Taken late, or at the second assignment: the slot is that of the submission.
    expect(nonceOf({ nowMs: startMs + 5 * hourMs, submittedAtMs: startMs })).toBe(at(startMs))
  })

  it('shares its nonces with its renewals, and with nothing else', () => {
    const renewed = signEnvelope(subject, submitter, { nowMs: NOW_MS, everyS, validForMs: dayMs })
    expect(nonceOf({}, renewed)).toBe(nonceOf())
    const others = [
      { ...subject, colony: 'other' },
      { ...subject, bee: 'archive' },
      { ...subject, task: 'unpark_stripe' },
      { ...subject, input: { days: 31 } },
    ]
    const nonces = others.map((other) =>
      nonceOf(other, signEnvelope(other, submitter, { nowMs: NOW_MS, everyS, validForMs: dayMs })),
    )
    const slower = nonceOf({}, signEnvelope(subject, submitter, { nowMs: NOW_MS, everyS: 2 * everyS }))
    expect(new Set([nonceOf(), ...nonces, slower]).size).toBe(6)
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('says how long its nonce must be remembered: until the slot can no longer be used', () => {
    const { nonce, slot } = verifyEnvelope(order, expected)
    expect(slot).toBe(Math.floor(NOW_MS / hourMs))
    const untilMs = Date.parse(nonce.expires_at)
    expect(verdict({ nowMs: untilMs, submittedAtMs: NOW_MS })).toBe('BEE_ENVELOPE_EXPIRED')
  })

  it('leaves other envelopes as they are', () => {
    const once = signEnvelope(subject, submitter, { nowMs: NOW_MS })
    expect(verifyEnvelope(once, { ...expected, submittedAtMs: 0 })).toMatchObject({ slot: null })
    expect(verifyEnvelope(once, expected).claims).not.toHaveProperty('every')
  })

  it.each([
    [{ everyS: 0 }],
    [{ everyS: 1.5 }],
    [{ everyS: 2_678_401 }],
    [{ everyS: 60, validForMs: LONGEST_ORDER_MS + 1 }],
  ])('is not made with %j', (options) => {
    expect(codeOf(() => signEnvelope(subject, submitter, { nowMs: NOW_MS, ...options }))).toBe('BEE_USAGE')
  })
})

describe('whoever holds the broker, with a standing order in hand,', () => {
  const late = NOW_MS + 3 * dayMs

  it.each([
    ['cannot make a slot come before its time', { submittedAtMs: NOW_MS + 60_001 }, 'BEE_ENVELOPE_FUTURE'],
    ['can be a little ahead, as clocks are', { submittedAtMs: NOW_MS + 60_000 }, 'accepted'],
    ['cannot use slots before the order was given', { submittedAtMs: NOW_MS - 60_001 }, 'BEE_ENVELOPE_EXPIRED'],
    ['cannot save slots up for long', { nowMs: late, submittedAtMs: NOW_MS }, 'BEE_ENVELOPE_EXPIRED'],
    ['can be late by a day', { nowMs: late, submittedAtMs: late - dayMs }, 'accepted'],
    ['cannot name a time that is none', { submittedAtMs: Number.NaN }, 'BEE_ENVELOPE_FUTURE'],
    ['cannot go on after its end', { nowMs: NOW_MS + 91 * dayMs }, 'BEE_ENVELOPE_EXPIRED'],
    ['can use it until its end', { nowMs: NOW_MS + LONGEST_ORDER_MS }, 'accepted'],
    ['cannot have another input run', { input: { days: 365 } }, 'BEE_ENVELOPE_ALTERED'],
    ['cannot have another task run', { task: 'unpark_stripe' }, 'BEE_ENVELOPE_FOREIGN'],
    ['cannot have another bee run it', { bee: 'archive' }, 'BEE_ENVELOPE_FOREIGN'],
    ['cannot take it to another colony', { colony: 'other' }, 'BEE_ENVELOPE_FOREIGN'],
  ])('%s', (_, changes, code) => {
    const nowMs = 'nowMs' in changes ? changes.nowMs : NOW_MS
    expect(verdict({ submittedAtMs: nowMs, ...changes })).toBe(code)
  })

  it('gets at most one run for each slot out of it, whatever it says of times', () => {
    const nowMs = NOW_MS + 10 * dayMs
    const nonces = new Set<string>()
    for (let saidMs = nowMs - 12 * dayMs; saidMs < nowMs + 2 * dayMs; saidMs += hourMs / 7) {
      try {
        nonces.add(nonceOf({ nowMs, submittedAtMs: saidMs }))
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^BEE_ENVELOPE_(EXPIRED|FUTURE)$/) })
      }
    }
    // The slot that is on, those of the last day, and the one that a minute of skew may open.
    expect(nonces.size).toBeGreaterThan(20)
    expect(nonces.size).toBeLessThanOrEqual(27)
  })

  it.each([
    ['a shorter interval', { every: 60 }],
    ['no interval at all', { every: undefined }],
    ['a later end', { exp: claims.exp + 1 }],
    ['another input', { input: 'a'.repeat(64) }],
  ])('cannot write %s into it', (_, changes) => {
    expect(verdict({}, tokenWith(changes, stranger))).toBe('BEE_ENVELOPE_SIGNATURE')
  })

  it.each([
    ['an order for longer than 90 days', { exp: claims.exp + 1 }],
    ['an interval of nothing', { every: 0 }],
    ['a broken interval', { every: 0.5 }],
    ['an interval of years', { every: 1e9 }],
    ['an interval in words', { every: '3600' }],
  ])('gets none from a submitter who signed %s', (_, changes) => {
    expect(verdict({}, tokenWith(changes))).toBe('BEE_ENVELOPE_MALFORMED')
  })

  it('can do nothing more once the key is not trusted, or past its time', () => {
    expect(verdict({ trusted: [stranger.trusted()] })).toBe('BEE_ENVELOPE_UNTRUSTED')
    const trusted = [submitter.trusted({ notAfter: NOW_MS / 1000 })]
    const later = { nowMs: NOW_MS + hourMs, submittedAtMs: NOW_MS + hourMs }
    expect(verdict({ trusted, ...later })).toBe('BEE_ENVELOPE_UNTRUSTED')
  })
})

describe('where an envelope comes from', () => {
  const origin = (changes: Changes = {}, presented: unknown = order) =>
    codeOf(() => verifyOrigin(presented, { ...expected, ...changes }))

  it('is told after its end, and of nothing that was altered', () => {
    const longAfter = { nowMs: NOW_MS + 300 * dayMs }
    expect(origin(longAfter)).toBe('accepted')
    expect(origin({ ...longAfter, input: { days: 31 } })).toBe('BEE_ENVELOPE_ALTERED')
    expect(origin({ ...longAfter, task: 'other' })).toBe('BEE_ENVELOPE_FOREIGN')
    expect(origin(longAfter, tokenWith({}, stranger))).toBe('BEE_ENVELOPE_SIGNATURE')
    expect(origin(longAfter, null)).toBe('BEE_ENVELOPE_MISSING')
  })

  it('does not count for a key whose time is over: who stole it can write any date', () => {
    const trusted = [submitter.trusted({ notAfter: NOW_MS / 1000 + 60 })]
    expect(origin({ trusted, nowMs: NOW_MS + dayMs })).toBe('BEE_ENVELOPE_UNTRUSTED')
  })
})

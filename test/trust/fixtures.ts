import { createHash } from 'node:crypto'
import { type ReceiptDraft, SigningKey } from '../../src/trust/index.ts'

/** A key that is the same in every run. */
export const keyNamed = (name: string) => new SigningKey(createHash('sha256').update(name).digest())

export const digest = (name: string) => createHash('sha256').update(name).digest('hex')

/** 2026-01-02T03:04:05Z */
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

export const draft: ReceiptDraft = {
  process: digest('process'),
  fence: { retries: 1, starttime: '2026-01-02T03:04:04.123456Z' },
  bee: 'finance',
  task: 'apply_stripe_event',
  schema: digest('schema'),
  input: digest('input'),
  outcome: 'applied',
  output: digest('output'),
  error: null,
  ledger: [{ id: '42', step: 1, output: digest('stored') }],
  started: '2026-01-02T03:04:04.200Z',
  finished: '2026-01-02T03:04:05.000Z',
}

/** A compact JWS of any header and claims, signed for real: what an attacker with a trusted key could send. */
export function signedToken(header: string, claims: string, key: SigningKey): string {
  const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`
  return `${signed}.${Buffer.from(key.sign(Buffer.from(signed))).toString('base64url')}`
}

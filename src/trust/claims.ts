import { z } from 'zod'
import type { EnvelopeClaims, ReceiptClaims, RedriveClaims } from './types.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')
const name = z.string().min(1).max(256)
/** Seconds since 1970, up to a year that every database can hold. */
const seconds = z.int().min(0).max(250_000_000_000)
/** 31 days. */
export const LONGEST_SLOT_S = 31 * 24 * 60 * 60
const instant = z.iso.datetime({ offset: true })

export const envelopeClaims: z.ZodType<EnvelopeClaims> = z.strictObject({
  v: z.literal(1),
  aud: name,
  bee: name,
  task: name,
  input: digest,
  iat: seconds,
  exp: seconds,
  jti: z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'expected 128 bits in base64url'),
  every: z.int().min(1).max(LONGEST_SLOT_S).optional(),
})

export const receiptClaims: z.ZodType<ReceiptClaims> = z.strictObject({
  v: z.literal(1),
  colony: name,
  process: name,
  executor: name,
  fence: z.strictObject({ retries: z.int().min(0), starttime: z.string().max(64) }),
  bee: name,
  task: name,
  schema: digest,
  input: digest,
  outcome: z.enum(['applied', 'replayed', 'failed']),
  output: digest.nullable(),
  error: z.string().min(1).max(128).nullable(),
  ledger: z.array(z.strictObject({ id: z.string().min(1).max(64), step: z.int().min(1), output: digest })).max(1000),
  started: instant,
  finished: instant,
  iat: seconds,
  seq: z.int().min(1),
  previous: digest.nullable(),
})

export const redriveClaims: z.ZodType<RedriveClaims> = z.strictObject({
  v: z.literal(1),
  aud: name,
  kind: z.enum(['letter', 'process']),
  source: z.string().max(100),
  subject: name,
  bee: name,
  task: name,
  digest,
  process: name,
  iat: seconds,
})

/** The first problem that zod found, with its place and never the received value or name: nobody has signed for them. */
export function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'expected other claims'
  if (issue.code === 'unrecognized_keys') return 'expected no members but those that are defined'
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`
}

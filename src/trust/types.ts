import type { ErrorCode, FailureClass } from '../errors.ts'

/** Claims of a task envelope: a compact JWS, `{ alg: 'EdDSA', kid, typ: 'bee-task+jwt' }`, signed by the submitter. */
export interface EnvelopeClaims {
  readonly v: 1
  /** The colony the task is meant for. */
  readonly aud: string
  readonly bee: string
  readonly task: string
  /** digestOf(input). */
  readonly input: string
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp: number
  /** 128 random bits, base64url. */
  readonly jti: string
  /** Makes it a standing order: one process in each slot of so many seconds since 1970. Absent: one process in all. */
  readonly every?: number | undefined
}

/** A key whose envelopes are accepted; two overlapping keys make a rotation. Times in seconds since 1970. */
export interface TrustedKey {
  readonly kid: string
  /** Ed25519 public key, base64url. */
  readonly x: string
  readonly notBefore?: number | undefined
  readonly notAfter?: number | undefined
}

/** Claims of a receipt: a compact JWS, `{ alg: 'EdDSA', kid, typ: 'bee-receipt+jwt' }`, signed by the hive. */
export interface ReceiptClaims {
  readonly v: 1
  readonly colony: string
  readonly process: string
  readonly executor: string
  readonly fence: { readonly retries: number; readonly starttime: string }
  readonly bee: string
  readonly task: string
  /** Hash of the task's zod schemas. */
  readonly schema: string
  /** digestOf(input as submitted). */
  readonly input: string
  readonly outcome: 'applied' | 'replayed' | 'failed'
  /** digestOf(the result as published at the broker); null when failed. */
  readonly output: string | null
  /** The error code when failed, else null. */
  readonly error: string | null
  /** The ledger rows behind the result, in step order, each with digestOf(its stored output). */
  readonly ledger: readonly { readonly id: string; readonly step: number; readonly output: string }[]
  /** RFC 3339, milliseconds. */
  readonly started: string
  readonly finished: string
  /** Seconds since 1970, for JOSE libraries. */
  readonly iat: number
  /** Position in the executor's chain, from 1. */
  readonly seq: number
  /** SHA-256 of the executor's previous receipt (compact form), hex; null for the first. */
  readonly previous: string | null
}

/** Claims of a redrive: a compact JWS, `{ alg: 'EdDSA', kid, typ: 'bee-redrive+jwt' }`, signed by who handed it in again. */
export interface RedriveClaims {
  readonly v: 1
  /** The colony. */
  readonly aud: string
  /** What was handed in again: the dead letter `<source>/<subject>`, or the failed process `subject` (no source). */
  readonly kind: 'letter' | 'process'
  readonly source: string
  readonly subject: string
  readonly bee: string
  readonly task: string
  /** digestOf(input), the same as before. */
  readonly digest: string
  /** The new process. */
  readonly process: string
  /** Seconds since 1970. */
  readonly iat: number
}

/** One thing that is wrong with a receipt or a chain of them. */
export interface Finding {
  readonly code: ErrorCode
  readonly failure: FailureClass
  readonly message: string
}

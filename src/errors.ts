/**
 * The catalogue of error codes: one place that says what can go wrong, whether a repeat may help, and what to do.
 * docs/errors.md documents each code; a test keeps both in step. The rows are in error-codes/, one file a concern.
 */

import { admissionCodes } from './error-codes/admission.ts'
import { brokerCodes } from './error-codes/broker.ts'
import type { CodeTable, FailureClass } from './error-codes/code.ts'
import { commandLineCodes } from './error-codes/command-line.ts'
import { deadLetterCodes } from './error-codes/dead-letters.ts'
import { ingressCodes } from './error-codes/ingress.ts'
import { receiptCodes } from './error-codes/receipt.ts'
import { runningCodes } from './error-codes/running.ts'
import { securityCodes } from './error-codes/security.ts'
import { startUpCodes } from './error-codes/start-up.ts'
import { transactionCodes } from './error-codes/transaction.ts'

export type { FailureClass } from './error-codes/code.ts'

export const catalogue = {
  ...startUpCodes,
  ...admissionCodes,
  ...runningCodes,
  ...transactionCodes,
  ...brokerCodes,
  ...receiptCodes,
  ...ingressCodes,
  ...deadLetterCodes,
  ...securityCodes,
  ...commandLineCodes,
} as const satisfies CodeTable

export type ErrorCode = keyof typeof catalogue

export interface BeeErrorOptions {
  readonly cause?: unknown
  /** Overrides the class of the catalogue where the place knows better. */
  readonly failure?: FailureClass
  /** How long the other side asked us to wait, milliseconds. */
  readonly retryAfterMs?: number
  /** Small facts for logs. Never a secret, never a sensitive field. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

/** Every error of ours. `message` says what was received and what was expected; `next` what to do. */
export class BeeError extends Error {
  override readonly name = 'BeeError'
  readonly code: ErrorCode
  readonly failure: FailureClass
  readonly retryAfterMs: number | undefined
  readonly details: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message?: string, options: BeeErrorOptions = {}) {
    super(message ?? catalogue[code].meaning, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.failure = options.failure ?? catalogue[code].failure
    this.retryAfterMs = options.retryAfterMs
    this.details = Object.freeze({ ...options.details })
  }

  /** What a person does next. */
  get next(): string {
    return catalogue[this.code].next
  }
}

/** Any thrown value as a BeeError; a foreign one becomes the cause of `code`. */
export function toBeeError(thrown: unknown, code: ErrorCode = 'BEE_INTERNAL'): BeeError {
  if (thrown instanceof BeeError) return thrown
  return new BeeError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}

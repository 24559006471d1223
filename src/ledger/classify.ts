import { BeeError, type ErrorCode } from '../errors.ts'
import type { Answer } from './rpc.ts'

type TransactionCode = Extract<ErrorCode, `BEE_TRANSACTION_${string}`>

/**
 * The error behind an answer that is no reply, or undefined for a 2xx without one. Decided by the SQLSTATE or PostgREST
 * code where there is one, else by the HTTP status, never by message texts; those can hold personal data and are not
 * repeated either.
 */
export function classify(answer: Answer): BeeError | undefined {
  const { status, code } = answer
  if (status >= 200 && status < 300 && code === undefined) return undefined
  const known = code === undefined ? undefined : classOfCode(code)
  const verdict = known ?? classOfStatus(status, answer.json)
  return new BeeError(verdict, describe(verdict, status, code), {
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    details: { status, ...(code === undefined ? {} : { sqlstate: code }) },
  })
}

/** Whole codes first, then two-character classes. What is in neither is decided by the HTTP status. */
const codes: Readonly<Record<string, TransactionCode>> = {
  // PostgREST: no database, no schema cache yet, no free connection, internal error.
  PGRST000: 'BEE_TRANSACTION_TRANSIENT',
  PGRST001: 'BEE_TRANSACTION_TRANSIENT',
  PGRST002: 'BEE_TRANSACTION_TRANSIENT',
  PGRST003: 'BEE_TRANSACTION_TRANSIENT',
  PGRSTX00: 'BEE_TRANSACTION_TRANSIENT',
  // PostgREST: function or table is not in the schema cache, or ambiguous there; heals with a reload.
  PGRST202: 'BEE_TRANSACTION_MISSING',
  PGRST203: 'BEE_TRANSACTION_MISSING',
  PGRST205: 'BEE_TRANSACTION_MISSING',
  PGRST301: 'BEE_TRANSACTION_FORBIDDEN',
  PGRST302: 'BEE_TRANSACTION_FORBIDDEN',
  PGRST303: 'BEE_TRANSACTION_FORBIDDEN',
  // Postgres: the connection broke while a commit may have been under way.
  '08003': 'BEE_TRANSACTION_UNKNOWN',
  '08006': 'BEE_TRANSACTION_UNKNOWN',
  '08007': 'BEE_TRANSACTION_UNKNOWN',
  '40003': 'BEE_TRANSACTION_UNKNOWN',
  // Read-only (a standby, or a full disk), an idle transaction cut, a lock not had in time.
  '25006': 'BEE_TRANSACTION_TRANSIENT',
  '25P03': 'BEE_TRANSACTION_TRANSIENT',
  '55P03': 'BEE_TRANSACTION_TRANSIENT',
  // Statement timeout, shutdown, crash, start-up.
  '57014': 'BEE_TRANSACTION_TRANSIENT',
  '57P01': 'BEE_TRANSACTION_TRANSIENT',
  '57P02': 'BEE_TRANSACTION_TRANSIENT',
  '57P03': 'BEE_TRANSACTION_TRANSIENT',
  '57P05': 'BEE_TRANSACTION_TRANSIENT',
  XX000: 'BEE_TRANSACTION_TRANSIENT',
  '42501': 'BEE_TRANSACTION_FORBIDDEN',
  '42883': 'BEE_TRANSACTION_MISSING',
  '42P01': 'BEE_TRANSACTION_MISSING',
  '3F000': 'BEE_TRANSACTION_MISSING',
}

const classes: Readonly<Record<string, TransactionCode>> = {
  '08': 'BEE_TRANSACTION_TRANSIENT',
  '40': 'BEE_TRANSACTION_TRANSIENT',
  '53': 'BEE_TRANSACTION_TRANSIENT',
  '58': 'BEE_TRANSACTION_TRANSIENT',
  '28': 'BEE_TRANSACTION_FORBIDDEN',
}

function classOfCode(code: string): TransactionCode | undefined {
  // A code that our own SQL chose: PT and an HTTP status.
  const chosen = /^PT([1-5]\d\d)$/.exec(code)?.[1]
  if (chosen !== undefined) {
    const status = Number(chosen)
    return status >= 500 || status === 408 || status === 429 ? 'BEE_TRANSACTION_TRANSIENT' : 'BEE_TRANSACTION_REFUSED'
  }
  const own = codes[code] ?? classes[code.slice(0, 2)]
  if (own !== undefined) return own
  if (code.startsWith('PGRST1') || code.startsWith('PGRST2')) return 'BEE_TRANSACTION_REFUSED'
  // Every other SQLSTATE: the statement was understood and refused, and will be again.
  return code.length === 5 ? 'BEE_TRANSACTION_REFUSED' : undefined
}

/** Answers without a code come from something between us and PostgREST, or are no answers at all. */
function classOfStatus(status: number, json: boolean): TransactionCode {
  // The request may have been let through before the answer went wrong.
  if (status === 0 || status === 404 || status === 500 || status === 502 || status === 504) {
    return 'BEE_TRANSACTION_UNKNOWN'
  }
  if (status < 300 || status === 520 || status === 524) return 'BEE_TRANSACTION_UNKNOWN'
  if (status >= 500 || status === 408 || status === 425 || status === 429) return 'BEE_TRANSACTION_TRANSIENT'
  // A proxy's error page or redirect says something of the proxy, not of the key or the call.
  if (!json) return status === 413 ? 'BEE_TRANSACTION_REFUSED' : 'BEE_TRANSACTION_TRANSIENT'
  if (status === 401 || status === 403) return 'BEE_TRANSACTION_FORBIDDEN'
  return 'BEE_TRANSACTION_REFUSED'
}

const words: Readonly<Record<TransactionCode, string>> = {
  BEE_TRANSACTION_UNKNOWN: 'No trustworthy answer came from the database; the transaction may have committed',
  BEE_TRANSACTION_TRANSIENT: 'The database could not do it now',
  BEE_TRANSACTION_REFUSED: 'The database refused the transaction',
  BEE_TRANSACTION_FORBIDDEN: 'The key may not execute bee_execute',
  BEE_TRANSACTION_MISSING: "bee_execute, or something that the task's SQL needs, does not exist",
}

function describe(verdict: TransactionCode, status: number, code: string | undefined): string {
  const source = code === undefined ? (status === 0 ? 'no answer' : `HTTP ${status}`) : `${code}, HTTP ${status}`
  return `${words[verdict]} (${source}).`
}

/** Errors as PostgREST words them: a JSON body of four fields, and an HTTP status that follows from the SQLSTATE. */

import { z } from 'zod'
import { jsonReply, type Reply, ReplyError } from './reply.ts'

export interface PostgrestErrorBody {
  readonly code: string
  readonly message: string
  readonly details?: string | null | undefined
  readonly hint?: string | null | undefined
}

/** What we use of an error that the server sent. */
export interface DatabaseErrorLike {
  readonly code: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
}

export function errorReply(
  status: number,
  body: PostgrestErrorBody,
  headers?: Readonly<Record<string, string>>,
): Reply {
  const { code, message, details = null, hint = null } = body
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {}
  return jsonReply(status, JSON.stringify({ code, details, hint, message }), { ...challenge, ...headers })
}

export const postgrestError = (
  status: number,
  body: PostgrestErrorBody,
  headers?: Readonly<Record<string, string>>,
): ReplyError => new ReplyError(errorReply(status, body, headers))

/** Whole SQLSTATEs first, then classes (their first two characters); everything else is the caller's fault: 400. */
const statusOfState: Readonly<Record<string, number>> = {
  '23503': 409,
  '23505': 409,
  '25006': 405,
  '42883': 404,
  '42P01': 404,
  '42P17': 500,
  '53400': 500,
  '57P01': 503,
  P0001: 400,
}
const statusOfClass: Readonly<Record<string, number>> = {
  ...{ '08': 503, '09': 500, '0L': 403, '0P': 403, '21': 500, '25': 500, '28': 403, '2D': 500, '38': 500, '39': 500 },
  ...{ '3B': 500, '40': 500, '53': 503, '54': 500, '55': 500, '57': 500, '58': 500, F0: 500, HV: 500, P0: 500 },
  XX: 500,
}

/**
 * The HTTP status of a SQLSTATE.
 * @param anonymous the caller has the role `anon`: what is forbidden to it might be allowed after a login, hence 401.
 */
export function statusOfSqlState(error: Pick<DatabaseErrorLike, 'code' | 'message'>, anonymous: boolean): number {
  const { code, message } = error
  if (code === '42501') return anonymous ? 401 : 403
  if (code === '21000' && message.endsWith('requires a WHERE clause')) return 400
  if (code === '22023' && /^role .* does not exist$/.test(message)) return 401
  if (code.startsWith('PT')) {
    const status = Number(code.slice(2))
    return /^[1-5]\d\d$/.test(code.slice(2)) && status >= 200 ? status : 500
  }
  return statusOfState[code] ?? statusOfClass[code.slice(0, 2)] ?? 400
}

/** The answer to an error of the database. */
export function databaseErrorReply(error: DatabaseErrorLike, anonymous: boolean): Reply {
  if (error.code === 'PGRST') return raisedReply(error)
  const status = statusOfSqlState(error, anonymous)
  const body = { code: error.code, message: error.message, details: error.detail, hint: error.hint }
  return errorReply(status, body, status === 503 ? { 'retry-after': '1' } : {})
}

const raisedMessage = z.object({
  code: z.string(),
  message: z.string(),
  details: z.string().nullish(),
  hint: z.string().nullish(),
})
const raisedDetail = z.object({
  status: z.number().int().min(200).max(599),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
})

/** `raise sqlstate 'PGRST'` carries the whole answer as JSON in message and detail. */
function raisedReply(error: DatabaseErrorLike): Reply {
  try {
    const body = raisedMessage.parse(JSON.parse(error.message))
    const { status, headers } = raisedDetail.parse(JSON.parse(error.detail ?? ''))
    return errorReply(status, body, headers)
  } catch {
    return errorReply(500, {
      code: 'PGRST121',
      message: 'Could not parse JSON in the "RAISE SQLSTATE \'PGRST\'" error',
      details: 'Message and detail must be JSON: {code, message, details, hint} and {status, headers}',
    })
  }
}

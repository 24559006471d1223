/** Envelopes: base64 of JSON beside its type and, for requests, its signature. */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { ColoniesError, kindOfBareReply, kindOfStatus } from './errors.ts'
import { type JsonValue, parseExactJson, stringifyExactJson } from './exact-json.ts'

export type Signer = (payload: string, privateKey: Uint8Array) => string

/** The HTTP reply as the transport saw it. */
export interface RawReply {
  /** HTTP status. */
  readonly status: number
  readonly body: string
}

const replyEnvelope = z.object({ payloadtype: z.string(), payload: z.string(), error: z.boolean() })
const errorPayload = z.object({ status: z.int(), message: z.string().catch('') })
type ReplyEnvelope = z.output<typeof replyEnvelope>

/** The one call whose reply has a type of its own. */
const replyTypes: Readonly<Record<string, string>> = { getpausestatusmsg: 'pausestatusreplymsg' }

/** The text of a message: `msgtype` keeps its place when the message has one, else it comes last. */
export const encodeMessage = (msgtype: string, message: object): string => stringifyExactJson({ ...message, msgtype })

/**
 * The body of a request.
 * @param messageText JSON text of the message.
 * @param privateKey null for the calls that need no signature.
 */
export const sealMessage = (
  msgtype: string,
  messageText: string,
  privateKey: Uint8Array | null,
  signer: Signer,
): string => {
  const payload = Buffer.from(messageText, 'utf8').toString('base64')
  const signature = privateKey === null ? '' : signer(payload, privateKey)
  return JSON.stringify({ payloadtype: msgtype, payload, signature })
}

const decodePayload = (payload: string): JsonValue => parseExactJson(Buffer.from(payload, 'base64').toString('utf8'))

const parseEnvelope = (body: string): ReplyEnvelope | null => {
  try {
    return replyEnvelope.safeParse(JSON.parse(body)).data ?? null
  } catch {
    return null
  }
}

/** Some failing calls are answered with two envelopes in one body. Base64 has no braces, so this finds the seam. */
const parseFirstOfTwo = (body: string): ReplyEnvelope | null => {
  const seam = body.indexOf('}{')
  const first = seam === -1 ? null : parseEnvelope(body.slice(0, seam + 1))
  return first?.error === true ? first : null
}

const errorOf = (msgtype: string, envelope: ReplyEnvelope, httpStatus: number): ColoniesError => {
  let payload: JsonValue = null
  try {
    payload = decodePayload(envelope.payload)
  } catch {
    // An error envelope with an unreadable payload is still an error; its HTTP status is all there is.
  }
  const parsed = errorPayload.safeParse(payload)
  if (!parsed.success) {
    return new ColoniesError(httpStatus >= 400 ? kindOfStatus(msgtype, httpStatus) : 'malformed', {
      msgtype,
      httpStatus,
      detail: 'error reply without a readable status',
      outcome: 'unknown',
    })
  }
  const { status, message } = parsed.data
  return new ColoniesError(kindOfStatus(msgtype, status), {
    msgtype,
    status,
    httpStatus,
    serverMessage: message,
    outcome: status < 500 ? 'not_applied' : 'unknown',
  })
}

/**
 * The payload of a successful reply.
 * @param expectedType payload type of the reply where it is not that of the request (WebSocket events).
 * @throws ColoniesError for error envelopes (whatever the HTTP status) and for everything that is no envelope.
 */
export const openReply = (msgtype: string, reply: RawReply, expectedType?: string): JsonValue => {
  const envelope = parseEnvelope(reply.body) ?? parseFirstOfTwo(reply.body)
  const httpStatus = reply.status
  if (envelope === null) {
    const empty = reply.body.length === 0
    const detail = empty ? 'empty body' : `a body of ${reply.body.length} characters that is no envelope`
    throw new ColoniesError(kindOfBareReply(httpStatus, empty), { msgtype, httpStatus, detail, outcome: 'unknown' })
  }
  if (envelope.error) throw errorOf(msgtype, envelope, httpStatus)
  const malformed = (detail: string): ColoniesError =>
    new ColoniesError('malformed', { msgtype, httpStatus, detail, outcome: 'unknown' })
  if (httpStatus < 200 || httpStatus > 299) throw malformed('a success envelope with an error status')
  if (envelope.payloadtype !== (expectedType ?? replyTypes[msgtype] ?? msgtype)) {
    throw malformed('the reply is of another type than the request')
  }
  try {
    return decodePayload(envelope.payload)
  } catch {
    throw malformed('the payload is not JSON')
  }
}

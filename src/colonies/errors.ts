/** What a failed call means to the caller; decided from the error envelope first, then from the HTTP status. */
export type ColoniesErrorKind =
  /** An assign found nothing before its timeout. Poll again: it does not mean that the queue is empty. */
  | 'no_process'
  /** Unknown signer, not a member, not approved, not the owner, not the assigned executor. */
  | 'forbidden'
  /** The thing asked for does not exist (status 404). Several calls report a missing thing as `failed` instead. */
  | 'not_found'
  /** Assignments of the colony are paused. */
  | 'paused'
  /** The server understood the call and refuses it (status 400 and other 4xx). */
  | 'rejected'
  /** The name is taken (status 409). */
  | 'conflict'
  /** The server reports that it could not do it (status 500); also its word for many missing things. */
  | 'failed'
  /** No usable server: no connection, connection cut, crash of the handler, no quorum, 502, 503, 504, 429. */
  | 'unavailable'
  /** Bytes that are not a reply of a Colonies server, or a reply that does not fit its schema. */
  | 'malformed'
  /** The deadline of the call passed before the whole reply was there. */
  | 'timeout'
  /** The caller's signal was aborted. */
  | 'aborted'
  /** Refused before anything was sent: the message could only do harm. */
  | 'invalid'

/** What is known about the effect of a failed call. */
export type ColoniesOutcome =
  /** The server did not apply it. */
  | 'not_applied'
  /** It may have been applied: the answer was lost, or was no answer. */
  | 'unknown'

export interface ColoniesErrorFields {
  readonly msgtype: string
  /** Status inside the error envelope. */
  readonly status?: number | undefined
  /** Status of the HTTP reply; differs from `status` when a follower forwarded the call. */
  readonly httpStatus?: number | undefined
  /** A remark of ours for the message text: never a payload, never a key. */
  readonly detail?: string | undefined
  /** The text of the server. */
  readonly serverMessage?: string | undefined
  readonly outcome: ColoniesOutcome
  readonly cause?: unknown
}

const SERVER_MESSAGE_LIMIT = 1000

const meaning: Readonly<Record<ColoniesErrorKind, string>> = {
  no_process: 'no process was assigned',
  forbidden: 'refused to this identity',
  not_found: 'not found',
  paused: 'assignments are paused',
  rejected: 'rejected by the server',
  conflict: 'the name is taken',
  failed: 'the server could not do it',
  unavailable: 'the Colonies server is not available',
  malformed: 'the answer is not a reply of a Colonies server',
  timeout: 'no complete answer before the deadline',
  aborted: 'aborted by the caller',
  invalid: 'not sent',
}

const statusText = ({ status, httpStatus }: ColoniesErrorFields): string => {
  if (status !== undefined && httpStatus !== undefined && status !== httpStatus) {
    return ` (status ${status}, HTTP ${httpStatus})`
  }
  if (status !== undefined) return ` (status ${status})`
  return httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`
}

/**
 * Every failure of the Colonies client. The message text is ours and holds neither keys nor payloads; the text of the
 * server may quote what was sent to it, so it is a getter that no inspector or serialiser visits.
 */
export class ColoniesError extends Error {
  override readonly name = 'ColoniesError'
  readonly kind: ColoniesErrorKind
  readonly msgtype: string
  readonly status: number | undefined
  readonly httpStatus: number | undefined
  readonly outcome: ColoniesOutcome
  readonly #serverMessage: string | undefined

  constructor(kind: ColoniesErrorKind, fields: ColoniesErrorFields) {
    const detail = fields.detail === undefined ? '' : `: ${fields.detail}`
    super(
      `${fields.msgtype}: ${meaning[kind]}${statusText(fields)}${detail}`,
      fields.cause === undefined ? {} : { cause: fields.cause },
    )
    this.kind = kind
    this.msgtype = fields.msgtype
    this.status = fields.status
    this.httpStatus = fields.httpStatus
    this.outcome = fields.outcome
    this.#serverMessage = fields.serverMessage?.slice(0, SERVER_MESSAGE_LIMIT)
  }

  /** What the server wrote, at most 1000 characters. Unstable wording and untrusted: show it to a person, match nothing. */
  get serverMessage(): string | undefined {
    return this.#serverMessage
  }
}

const ASSIGN = 'assignprocessmsg'

/** The kind for the status of an error envelope. */
export const kindOfStatus = (msgtype: string, status: number): ColoniesErrorKind => {
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 404) return msgtype === ASSIGN ? 'no_process' : 'not_found'
  if (msgtype === ASSIGN && (status === 503 || status === 408)) return 'paused'
  if (status === 409) return 'conflict'
  // An assign answers 500 when the cluster has no quorum or no leader: nothing that this caller did wrong.
  if (status === 500) return msgtype === ASSIGN ? 'unavailable' : 'failed'
  if (status > 500 || status === 408 || status === 429) return 'unavailable'
  return 'rejected'
}

/** The kind for a reply without an envelope: HTML of a proxy, an empty body, plain text. */
export const kindOfBareReply = (httpStatus: number, emptyBody: boolean): ColoniesErrorKind => {
  if (httpStatus === 401 || httpStatus === 403) return 'forbidden'
  if (httpStatus === 200 && emptyBody) return 'forbidden'
  if (httpStatus >= 500 || httpStatus === 408 || httpStatus === 429) return 'unavailable'
  return 'malformed'
}

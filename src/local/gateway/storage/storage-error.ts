import { jsonReply, ReplyError } from '../reply.ts'

/** Storage answers nearly every failure with HTTP 400 and puts the real status into the body. */
export function storageError(status: number, error: string, message: string): ReplyError {
  const body = JSON.stringify({ statusCode: String(status), error, message })
  return new ReplyError(jsonReply(status === 413 ? 413 : 400, body))
}

import { BeeError } from '../errors.ts'

const LONGEST_MESSAGE = 2_000

/** The same error without sensitive values, without its cause and cut to a length: fit for logs and for the broker. */
export function scrubError(error: BeeError, hide: (text: string) => string): BeeError {
  const message = hide(error.message)
  return new BeeError(
    error.code,
    message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…`.toWellFormed() : message,
    { failure: error.failure },
  )
}

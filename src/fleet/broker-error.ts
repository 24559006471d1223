import { ColoniesError } from '../colonies/index.ts'
import { BeeError } from '../errors.ts'

/** What a failed call to the broker means to the caller. */
export function brokerError(error: unknown): BeeError {
  if (error instanceof BeeError) return error
  if (!(error instanceof ColoniesError))
    return new BeeError('BEE_INTERNAL', 'the call to the broker failed', { cause: error })
  const refused = ['forbidden', 'rejected', 'invalid', 'not_found', 'conflict'].includes(error.kind)
  return new BeeError(refused ? 'BEE_BROKER_REFUSED' : 'BEE_BROKER_UNAVAILABLE', error.message, { cause: error })
}

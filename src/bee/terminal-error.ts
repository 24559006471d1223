import { BeeError, type BeeErrorOptions } from '../errors.ts'

/**
 * Throw it in a handler when a repeat cannot help: the process is closed as failed, with a signed failure receipt that
 * carries the code BEE_HANDLER_REFUSED. The message is published, so it must not quote sensitive fields.
 *
 * @example if (customer.deleted) throw new TerminalError('the customer is deleted')
 */
export class TerminalError extends BeeError {
  constructor(message: string, options: BeeErrorOptions = {}) {
    super('BEE_HANDLER_REFUSED', message, options)
  }
}

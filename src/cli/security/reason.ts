import { BeeError } from '../../errors.ts'

export interface ReasonOptions {
  readonly reason?: string | undefined
  readonly json?: boolean | undefined
}

/**
 * Why somebody decides as they do.
 * @throws BeeError BEE_USAGE without a few words
 */
export function reasonOf({ reason }: ReasonOptions): string {
  const given = reason?.trim() ?? ''
  if (given.length >= 3) return given
  throw new BeeError('BEE_USAGE', 'Received no --reason, expected a few words (--reason "…"): they go into the audit.')
}

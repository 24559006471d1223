/**
 * What a failure means for the process it happened to.
 * - `retryable`: nothing was decided; the same call may succeed later.
 * - `terminal`: the same call fails for ever; the process is closed as failed.
 * - `fenced`: the work is done or belongs to somebody else; drop it silently.
 * - `unknown_outcome`: the transaction may have committed; repeat with the same key.
 */
export type FailureClass = 'retryable' | 'terminal' | 'fenced' | 'unknown_outcome'

/** One row of the catalogue. */
export interface Code {
  readonly failure: FailureClass
  /** What happened, for a person. */
  readonly meaning: string
  /** What that person does next. */
  readonly next: string
}

export type CodeTable = Readonly<Record<`BEE_${string}`, Code>>

export const code = (failure: FailureClass, meaning: string, next: string): Code => ({ failure, meaning, next })

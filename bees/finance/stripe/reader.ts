import type { Target } from '../steps.ts'

export interface ReadOptions {
  /** Aborts the whole call, its body included. */
  readonly signal: AbortSignal
  /** Milliseconds for everything, repeats included. */
  readonly timeoutMs: number
}

/** One object as Stripe's API shows it now. */
export type ReadReply = {
  /** Stripe's own clock when it answered: the Date header, whole seconds since 1970. */
  readonly dateS: number
  /** From the sending of the request that was answered to the end of its body, by a monotonic clock. */
  readonly elapsedMs: number
} & ({ readonly found: true; readonly object: unknown } | { readonly found: false })

export interface StripeObject extends Target {
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
}

/** One object after the other from Stripe's API; the only place in the bee that the order of events is learnt from. */
export interface StripeReader {
  /**
   * @throws StripeReadError that says why Stripe could not be asked; never what was asked for.
   */
  read(object: StripeObject, options: ReadOptions): Promise<ReadReply>
}

/** Why an object could not be read. */
export type ReadProblem =
  /** No answer that can be trusted, in time. */
  | 'unavailable'
  | 'rate_limited'
  /** The key is wrong or may not read this. */
  | 'forbidden'
  /** There is no key for this mode. */
  | 'no_key'

export class StripeReadError extends Error {
  override readonly name = 'StripeReadError'
  readonly problem: ReadProblem
  constructor(problem: ReadProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

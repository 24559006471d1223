import type { Heard } from './normalise.ts'
import type { Target } from './steps.ts'

export interface Asking extends Target {
  /** Why, and who: `reconcile` or `unpark`, and the process. One object is asked for once by one process. */
  readonly reason: 'reconcile' | 'unpark'
  readonly process: string
  readonly account: string
  readonly livemode: boolean
  /** By Stripe's clock, RFC 3339: what is known of the object from later than that makes the question void. */
  readonly since: string
}

/** A wish to read an object, in the form of an event that says nothing of it: so it goes through the same guard. */
export const asking = ({ reason, process, account, livemode, since, kind, object }: Asking): Heard => ({
  head: {
    account,
    livemode,
    event: `${reason}:${object}:${process}`,
    type: reason,
    form: 'synthetic',
    created_at: since,
    api_version: null,
  },
  target: { kind, object },
  facts: [],
})

import type { Kind, Told } from './facts.ts'

/**
 * What goes back and forth between the bee and `finance.take`, the one SQL function through which every fact enters.
 * First the bee offers what the event says. Where its order against what is stored cannot be known (`read`), the bee reads
 * the object from Stripe and comes back with the ticket; nothing has been applied until then. docs/finance.md tells why.
 */

/** Who speaks. Synthetic ids (`reconcile:<object>:<ticket>`) are for what no event told. */
export type EventHead = {
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
  /** The id of the snapshot event, also where a thin twin came. */
  readonly event: string
  readonly type: string
  readonly form: 'snapshot' | 'thin' | 'synthetic'
  readonly created_at: string
  readonly api_version: string | null
}

/** The object that the event is about. */
export type Target = { readonly kind: Kind; readonly object: string }

/** One object as Stripe's API gave it, with the ticket under which it was read. */
export type ReadFacts = Target & {
  /** As they came with `read`: object id to ticket. */
  readonly tickets: Readonly<Record<string, number>>
  /** False: Stripe says that there is no such object (any more). `facts` is empty then. */
  readonly found: boolean
  /** The object and what came with it (a charge's refunds, an invoice's payments). */
  readonly facts: readonly Told[]
  /** Stripe's own clock when it answered: the Date header, whole seconds, RFC 3339. */
  readonly date: string
  /** From the sending of the request to the end of its answer by a monotonic clock, milliseconds, rounded up. */
  readonly elapsed_ms: number
}

/** The payload of `transact`. */
export type Take = {
  readonly head: EventHead
  /** Null: a type that nobody applies. */
  readonly target: Target | null
  /** What the event itself says: its object first; empty for thin and synthetic events. */
  readonly facts: readonly Told[]
  readonly reads: readonly ReadFacts[]
  /** Stripe cannot be read: park the event instead of asking for a read. */
  readonly park: boolean
}

export type ReadOrder = Target & {
  readonly tickets: Readonly<Record<string, number>>
  /** How long to wait before reading, so that all hives together stay below the account's limit. */
  readonly wait_ms: number
}

export type Entitlement = {
  readonly entitled: boolean
  readonly plan: string | null
  readonly status: string | null
  /** RFC 3339; null when nothing is granted or nothing ends it. */
  readonly until: string | null
  /** A subscription has a status that this version does not know. */
  readonly flagged: boolean
}

export type EventState = 'applied' | 'ignored' | 'parked' | 'stale'

export type Outcome = {
  readonly event: string
  readonly state: EventState
  /** For whom a parked event waits. */
  readonly waits_for: 'user' | 'stripe' | null
  /** How many parked events this one took up. */
  readonly unparked: number
  /** The user's entitlement after this event; null where no user was concerned. */
  readonly entitlement: Entitlement | null
}

/** What `finance.take` answers. */
export type Taken =
  | { readonly decision: 'done'; readonly outcome: Outcome; readonly changed: boolean }
  | { readonly decision: 'read'; readonly reads: readonly ReadOrder[] }

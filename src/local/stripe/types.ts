import type { Actions } from './actions.ts'
import type { Model } from './models.ts'

/** How Stripe's API calls the objects that we keep. */
export type Kind =
  | 'customer'
  | 'checkout_session'
  | 'subscription'
  | 'invoice'
  | 'invoice_payment'
  | 'payment_intent'
  | 'charge'
  | 'refund'
  | 'dispute'
  | 'credit_note'

/** API versions before 2025-03-31.basil, and since then. */
export type Shape = 'acacia' | 'basil'

/** An object as JSON of Stripe's API. */
export type StripeJson = { readonly [member: string]: unknown }

/** The own account is `self`. */
export interface Tenant {
  readonly account: string
  readonly livemode: boolean
}

/** Something that happened, as Stripe tells of it. */
export interface WorldEvent extends Tenant {
  /** Of the snapshot event, which is also the thin twin's `snapshot_event`. */
  readonly id: string
  readonly type: string
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** `atMs` in whole seconds, as snapshot events say it. */
  readonly created: number
  /** What it is about; null for a kind that we do not keep. */
  readonly kind: Kind | null
  /** Its id; null where there is none (invoice.upcoming). */
  readonly object: string | null
  /** How the endpoint that it is made for is configured. */
  readonly shape: Shape
  /** The event as a webhook gets it: the object as it was at `atMs`. */
  snapshot(): StripeJson
  /** `v2.core.event`: which object, not what it is. */
  thin(): StripeJson
}

export interface Version<K extends Kind = Kind> {
  readonly fromMs: number
  readonly object: Model[K]
}

export interface Retrieve extends Tenant {
  readonly kind: Kind
  readonly object: string
  /** At which moment. @default now */
  readonly atMs?: number | undefined
  /** @default the newest */
  readonly shape?: Shape | undefined
  /** As in `expand[]`: `latest_charge`, `refunds`, `payments`, `invoice`, ... */
  readonly expand?: readonly string[] | undefined
}

export interface WorldOptions {
  /** Everything that is random comes from it: the same seed and the same actions give the same bytes. */
  readonly seed: number
  /** Milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly startMs?: number | undefined
  /** Connected accounts besides the own one. @default none */
  readonly accounts?: readonly string[] | undefined
  /** The mode of what is made where an action does not say. @default false */
  readonly livemode?: boolean | undefined
  /** In which shape events come; `mixed` changes from event to event. @default 'basil' */
  readonly shape?: Shape | 'mixed' | undefined
}

/** All objects as they are now, by kind; in the order in which they were made. */
export type Final = { readonly [K in Kind]: readonly Model[K][] }

export interface World {
  readonly seed: number
  /** `self` first. */
  readonly accounts: readonly string[]
  /** The virtual clock. Only actions and `advanceTo` move it. */
  nowMs(): number
  /** @throws RangeError for a moment that has passed */
  advanceTo(ms: number): void
  /** In the order in which they were made. */
  events(): readonly WorldEvent[]
  /** The object as JSON; null when there is none (yet, or any more). Deleted customers are stubs. */
  retrieve(what: Retrieve): StripeJson | null
  /** Every state of an object that ever was, the oldest first; empty for an unknown one. Ids are unique in the world. */
  versions<K extends Kind>(kind: K, object: string): readonly Version<K>[]
  /** All objects of a kind that existed at a moment, the newest first as Stripe lists them. */
  all<K extends Kind>(kind: K, atMs?: number): readonly Model[K][]
  final(): Final
  /** What can be done to it. Each action moves the clock by some milliseconds and makes the events that Stripe makes. */
  readonly actions: Actions
}

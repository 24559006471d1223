import type { Kind, Shape, World, WorldEvent } from '../../src/local/stripe/index.ts'

export interface HistoryOptions {
  /** How many things happen. @default 20 */
  readonly actions?: number | undefined
  /** How many customers live in it. @default 2 */
  readonly customers?: number | undefined
  /** Connected accounts besides the own one. @default by seed none or one */
  readonly accounts?: readonly string[] | undefined
  /** @default 'mixed' */
  readonly shape?: Shape | 'mixed' | undefined
  /** The share of events that come as thin ones, or as both. @default by seed */
  readonly thin?: number | undefined
  /** Milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly startMs?: number | undefined
  readonly chaos?: Chaos | undefined
}

/** Shares of 1, and longest delays. */
export interface Chaos {
  /** Events that come twice or more. @default 0.2 */
  readonly duplicates?: number | undefined
  /** Deliveries that are up to some seconds late. @default 0.4 */
  readonly late?: number | undefined
  /** Deliveries that are up to `days` late. @default 0.05 */
  readonly veryLate?: number | undefined
  /** @default 3 */
  readonly days?: number | undefined
  /** Events that never come. @default 0 */
  readonly lost?: number | undefined
}

export interface Delivery {
  /** When it arrives, milliseconds of the world's clock. */
  readonly atMs: number
  readonly event: WorldEvent
  readonly form: 'snapshot' | 'thin'
}

export interface History {
  readonly seed: number
  /** Run to its end. */
  readonly world: World
  /** By the time of arrival. */
  readonly deliveries: readonly Delivery[]
  /** The users that occur in checkouts. */
  readonly users: readonly string[]
  /** What was done, a line for each action: to read when something fails. */
  readonly log: readonly string[]
}

/** A row by its columns; times as RFC 3339 with milliseconds and Z, amounts as numbers. */
export type Row = Readonly<Record<string, unknown>>

export type TableName =
  | 'customers'
  | 'checkout_sessions'
  | 'subscriptions'
  | 'subscription_items'
  | 'invoices'
  | 'invoice_payments'
  | 'payment_intents'
  | 'charges'
  | 'refunds'
  | 'disputes'
  | 'credit_notes'

export interface ExpectedRow {
  readonly account: string
  readonly livemode: boolean
  readonly id: string
  readonly kind: Kind
  /** The normal form's members (and user_id of customers, known_status of subscriptions). */
  readonly row: Row
  /** An event that the bee promises to apply has told of it: it must be there. Else: if it is there, it must be right. */
  readonly required: boolean
  /** States that are right too, where Stripe makes no event of the last change. */
  readonly alternatives: readonly Row[]
}

export interface ExpectedEntitlement {
  readonly account: string
  readonly livemode: boolean
  readonly user_id: string
  readonly entitled: boolean
  readonly plan: string | null
  readonly status: string | null
  readonly until: string | null
  readonly flagged: boolean
}

/** A payment that a person would call one. */
export interface ExpectedPayment {
  readonly account: string
  readonly livemode: boolean
  /** Of the invoice, the payment intent or the checkout session. */
  readonly id: string
  readonly currency: string
  readonly amount_paid: number
  readonly amount_refunded: number
  readonly amount_lost: number
  readonly amount_withheld: number
  readonly amount_net: number
}

export interface Oracle {
  readonly tables: { readonly [T in TableName]: readonly ExpectedRow[] }
  readonly entitlements: readonly ExpectedEntitlement[]
  /** Without those of which nothing was paid. */
  readonly payments: readonly ExpectedPayment[]
}

export interface PlanRow {
  readonly account: string
  readonly livemode: boolean
  readonly price: string
  readonly plan: string
  readonly rank: number
}

export interface PolicyRow {
  readonly account: string
  readonly livemode: boolean
  readonly pastDueGraceDays: number
  readonly dispute: 'keep' | 'revoke_when_lost' | 'revoke_while_open'
}

export interface OracleOptions {
  /** What has arrived. @default every event of the world */
  readonly delivered?: readonly WorldEvent[] | undefined
  /** As in finance.plans. @default none */
  readonly plans?: readonly PlanRow[] | undefined
  /** As in finance.policies. @default seven days, keep */
  readonly policies?: readonly PolicyRow[] | undefined
}

/** What is in the database; all columns of each row, or at least those that the oracle names. */
export interface ActualRows {
  readonly tables: { readonly [T in TableName]: readonly Row[] }
  /** finance.user_profiles. */
  readonly entitlements: readonly Row[]
  /** finance.payment_nets. */
  readonly payments: readonly Row[]
}

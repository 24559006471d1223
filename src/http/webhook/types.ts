import type { Json } from '../../canonical.ts'
import type { Clock } from '../../resilience/index.ts'
import type { Log, Metrics, Notify } from '../../telemetry/index.ts'

/**
 * What the bee gets of a Stripe event. Only members that are the same in every delivery of one event: Stripe's
 * `pending_webhooks` and `request` may differ between two deliveries, and so do the raw bytes, therefore neither they
 * nor a digest of the bytes is in here. `digestOf(input)` is the event's digest. Type aliases, since an interface is not
 * assignable to a JSON value.
 */
export type StripeEventInput = {
  readonly event: SnapshotInput | ThinInput
}

/** An event that carries its object as it was when the event was made. */
export type SnapshotInput = {
  readonly id: string
  readonly type: string
  /** Seconds since 1970. */
  readonly created: number
  readonly livemode: boolean
  /** The connected account; absent for events of the own account. */
  readonly account?: string
  readonly api_version: string | null
  readonly data: { readonly [key: string]: Json }
}

/** An event that names its object without carrying it. */
export type ThinInput = {
  readonly id: string
  readonly object: 'v2.core.event'
  readonly type: string
  /** RFC 3339. */
  readonly created: string
  readonly livemode: boolean
  /** The connected account; absent for events of the own account. */
  readonly account?: string
  /** The snapshot event that tells the same. */
  readonly snapshot_event?: string
  readonly related_object?: { readonly id: string; readonly type: string }
}

export interface SubmitOptions {
  /** Aborts the whole call, its body included. */
  readonly signal: AbortSignal
  /**
   * Token of this delivery, for the label of the process. It is the same for every try of one delivery, so that a
   * submit whose answer was lost can be looked up before it is repeated; another delivery of the same event has
   * another one, so that it never finds an old process that has failed since.
   */
  readonly label: string
}

/** Hands the task to the broker. Resolves only when the broker has it. */
export type Submit = (input: StripeEventInput, options: SubmitOptions) => Promise<{ readonly processId: string }>

export interface DirectOptions {
  readonly signal: AbortSignal
  /** On the monotonic clock, milliseconds: no try may go on after it. */
  readonly deadlineMs: number
}

export interface DirectResult {
  readonly outcome: 'applied' | 'replayed'
  readonly receipt?: string | undefined
}

/** Runs the task here and now with the same ledger keys. Resolves only when the database has committed. */
export type Direct = (input: StripeEventInput, options: DirectOptions) => Promise<DirectResult>

/** Names as in the ledger's dead letter. */
export interface WebhookDeadLetter {
  readonly source: 'stripe'
  readonly id: string
  readonly code: string
  readonly payload_digest: string
  readonly payload: Json
}

/** Keeps an event that can never be applied. Resolves only when the database has committed. */
export type StoreDeadLetter = (letter: WebhookDeadLetter, options: DirectOptions) => Promise<void>

/** What the ingress needs of a circuit breaker. `run` throws BEE_BREAKER_OPEN without calling while it is open. */
export interface SubmitBreaker {
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

export interface StripeWebhookOptions {
  readonly submit: Submit
  readonly direct: Direct
  readonly deadLetter: StoreDeadLetter
  /** Signing secrets of the endpoint, at least one; several while one is rolled. */
  readonly secrets: readonly string[]
  /** Which events are taken: live (true), test (false) or both. */
  readonly livemode: boolean | 'any'
  /**
   * `own`: events without `account`; a list: those accounts, the own one only if `own` is among them; `any`: all of them.
   * @default 'own'
   */
  readonly accounts?: 'own' | 'any' | readonly string[] | undefined
  /** Types that are handed on, thin ones without `v1.`; others are answered with 200 and forgotten. @default handledEventTypes */
  readonly handledTypes?: 'all' | readonly string[] | undefined
  /** `drop` removes names, addresses, e-mail and phone before anything is handed on. @default 'drop' */
  readonly personalData?: 'drop' | 'keep' | undefined
  /** Largest body, bytes. @default 1_048_576 */
  readonly maxBytes?: number | undefined
  /** Greatest age of a signature, seconds, at least 1. @default 300 */
  readonly toleranceS?: number | undefined
  /** How far a signature's time may lie ahead, seconds. @default 60 */
  readonly futureToleranceS?: number | undefined
  readonly budget?: Partial<WebhookBudget> | undefined
  /** @default opens for 10 s after 3 failed submits in a row */
  readonly breaker?: SubmitBreaker | undefined
  /** @default the system's clock */
  readonly clock?: Clock | undefined
  readonly log?: Pick<Log, 'info' | 'warn' | 'error'> | undefined
  readonly metrics?: Pick<Metrics, 'webhook' | 'breaker'> | undefined
  /** Told of deliveries whose signature is wrong. @default nobody */
  readonly notify?: Notify | undefined
}

/** Parts of one decreasing budget: whatever a part has used up is gone for those after it. Milliseconds. */
export interface WebhookBudget {
  /** The whole request; after it the answer is 503 whatever else is going on. @default 9000 */
  readonly totalMs: number
  /** Until the body has arrived. @default 3000 */
  readonly bodyMs: number
  /** For the broker. Shortened so that `directMs` is left for the fallback. @default 5000 */
  readonly submitMs: number
  /** For the transaction without the broker. @default 3000 */
  readonly directMs: number
  /** For storing a dead letter. @default 1500 */
  readonly deadLetterMs: number
}

/**
 * Our own factories of Stripe events, in two shapes: `old` as before the API version 2025-03-31.basil, `new` as since
 * then, and as thin events. Every personal member carries the canary, so that a leak shows.
 */
import { epochS, type Shape, stripeId, versions } from './stripe-ids.ts'

export * from './billing-objects.ts'
export * from './money-objects.ts'
export * from './stripe-ids.ts'

export interface SentEvent {
  readonly id: string
  readonly object: 'event'
  readonly type: string
  readonly created: number
  readonly livemode: boolean
  readonly account?: string
  readonly api_version: string
  readonly pending_webhooks: number
  readonly request: unknown
  readonly data: { readonly object: Record<string, unknown>; readonly previous_attributes?: Record<string, unknown> }
}

export interface EventOptions {
  readonly id?: string
  readonly created?: number
  readonly livemode?: boolean
  readonly account?: string
  readonly shape?: Shape
}

export function eventOf(type: string, object: Record<string, unknown>, options: EventOptions = {}): SentEvent {
  return {
    id: options.id ?? stripeId('evt'),
    object: 'event',
    type,
    created: options.created ?? epochS,
    livemode: options.livemode ?? false,
    ...(options.account === undefined ? {} : { account: options.account }),
    api_version: versions[options.shape ?? 'new'],
    pending_webhooks: 1,
    request: { id: stripeId('req'), idempotency_key: null },
    data: { object },
  }
}

export interface SentThinEvent {
  readonly id: string
  readonly object: 'v2.core.event'
  readonly type: string
  /** RFC 3339. */
  readonly created: string
  readonly livemode: boolean
  readonly context?: string
  readonly snapshot_event?: string
  readonly related_object: { readonly id: string; readonly type: string; readonly url: string }
  readonly changes: unknown
  readonly reason: unknown
}

export interface ThinOptions {
  readonly id?: string
  /** Milliseconds into the snapshot's second. @default 0 */
  readonly ms?: number
  /** False: a thin event that names no twin. @default true */
  readonly twin?: boolean
}

/** The thin twin of a snapshot event: it names the object without carrying it. */
export function thinOf(snapshot: SentEvent, options: ThinOptions = {}): SentThinEvent {
  const { id, object } = snapshot.data.object as { readonly id: string; readonly object: string }
  return {
    id: options.id ?? stripeId('evt_65'),
    object: 'v2.core.event',
    type: `v1.${snapshot.type}`,
    created: new Date(snapshot.created * 1000 + (options.ms ?? 0)).toISOString(),
    livemode: snapshot.livemode,
    ...(snapshot.account === undefined ? {} : { context: snapshot.account }),
    ...(options.twin === false ? {} : { snapshot_event: snapshot.id }),
    related_object: { id, type: object, url: `/v1/${object}s/${id}` },
    changes: { before: { email: 'canary.person@example.org' } },
    reason: { type: 'request', request: { id: stripeId('req'), idempotency_key: '' } },
  }
}

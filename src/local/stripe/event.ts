import { objectPath } from './api/paths.ts'
import type { Core } from './core.ts'
import { render } from './render/render.ts'
import type { Kind, Shape, StripeJson, WorldEvent } from './types.ts'

/** How the two API versions call themselves. */
export const apiVersions: Readonly<Record<Shape, string>> = { acacia: '2024-12-18.acacia', basil: '2026-10-28.endive' }

interface EventParts {
  readonly id: string
  readonly thinId: string
  readonly type: string
  readonly account: string
  readonly livemode: boolean
  readonly atMs: number
  readonly kind: Kind | null
  readonly object: string | null
  readonly shape: Shape
  readonly detailed: boolean
  /** What it is about when that is nothing we keep. */
  readonly other: StripeJson | undefined
  readonly request: string | null
}

/** An event with its two forms, made of the object as it was then. */
export function createEvent(core: Core, parts: EventParts): WorldEvent {
  const { id, type, account, livemode, atMs, kind, object, shape } = parts
  const about = (): StripeJson => {
    if (kind === null || object === null) return parts.other ?? {}
    const model = core.at(kind, object, atMs)
    if (model === undefined) throw new RangeError(`${type}: there is no ${kind} ${object} at ${atMs}.`)
    return render(kind, model, { core, atMs, shape, inEvent: true, expand: parts.detailed ? ['payments'] : [] })
  }
  const created = Math.floor(atMs / 1000)
  return Object.freeze({
    id,
    type,
    account,
    livemode,
    atMs,
    created,
    kind,
    object,
    shape,
    snapshot: () => ({
      id,
      object: 'event',
      ...(account === 'self' ? {} : { account }),
      api_version: apiVersions[shape],
      created,
      data: { object: about() },
      livemode,
      pending_webhooks: 1,
      request: { id: parts.request, idempotency_key: null },
      type,
    }),
    thin: () => ({
      id: parts.thinId,
      object: 'v2.core.event',
      type: `v1.${type}`,
      livemode,
      created: new Date(atMs).toISOString(),
      ...(account === 'self' ? {} : { context: account }),
      ...(kind === null || object === null
        ? { related_object: null }
        : {
            related_object: {
              id: object,
              type: relatedTypes[kind],
              url: objectPath(kind, object),
            },
          }),
      ...(parts.request === null
        ? {}
        : { reason: { type: 'request', request: { id: parts.request, idempotency_key: '' } } }),
      changes: {},
      snapshot_event: id,
    }),
  })
}

/** The `object` member of each kind. */
export const relatedTypes: Readonly<Record<Kind, string>> = {
  customer: 'customer',
  checkout_session: 'checkout.session',
  subscription: 'subscription',
  invoice: 'invoice',
  invoice_payment: 'invoice_payment',
  payment_intent: 'payment_intent',
  charge: 'charge',
  refund: 'refund',
  dispute: 'dispute',
  credit_note: 'credit_note',
}

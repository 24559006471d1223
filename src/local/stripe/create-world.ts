import { createActions } from './act/create-actions.ts'
import { createCore } from './core.ts'
import type { Model } from './models.ts'
import { deletedCustomerJson } from './render/customer.ts'
import { render } from './render/render.ts'
import type { Final, Kind, World, WorldOptions } from './types.ts'

const kinds: readonly Kind[] = [
  'customer',
  'checkout_session',
  'subscription',
  'invoice',
  'invoice_payment',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
  'credit_note',
]

/** A Stripe of one's own: objects with all their states, and the events that tell of them. */
export function createWorld(options: WorldOptions): World {
  const core = createCore(options)
  const all = <K extends Kind>(kind: K, atMs = core.nowMs()): Model[K][] =>
    core.ids(kind).flatMap((id) => core.at(kind, id, atMs) ?? [])
  return {
    seed: options.seed,
    accounts: core.accounts,
    nowMs: core.nowMs,
    advanceTo: core.advanceTo,
    events: core.events,
    versions: core.versions,
    all: (kind, atMs) => all(kind, atMs).reverse(),
    retrieve: ({ account, livemode, kind, object, atMs = core.nowMs(), shape = 'basil', expand = [] }) => {
      const model: Model[Kind] | undefined = core.at(kind, object, atMs)
      if (model === undefined || model.account !== account || model.livemode !== livemode) return null
      if ('deleted' in model && model.deleted) return 'email' in model ? deletedCustomerJson(model) : null
      return render(kind, model as never, { core, atMs, shape, inEvent: false, expand })
    },
    final: () => Object.fromEntries(kinds.map((kind) => [kind, all(kind)])) as unknown as Final,
    actions: createActions(core),
  }
}

import type { Model } from '../models.ts'
import { itemJson } from '../render/subscription.ts'
import type { Kind, StripeJson, World, WorldEvent } from '../types.ts'
import type { Caller } from './caller.ts'
import { badParameter, forgotten, missing, StripeApiError } from './errors.ts'
import { checkExpand } from './expandable.ts'
import { filters, page } from './lists.ts'
import { kindPaths } from './paths.ts'
import { type Query, readQuery } from './query.ts'

export interface Asked {
  readonly worlds: readonly World[]
  readonly caller: Caller
  readonly path: string
  readonly search: URLSearchParams
  /** The moment that is shown; each world's own present when it is left out. */
  readonly atMs: number | undefined
  readonly isDelivered: (event: string) => boolean
  /** Finds the world of an object that none of `worlds` has. Without it such objects are missing. */
  readonly worldOf: ((object: string) => World | undefined) | undefined
}

export interface Answer {
  readonly body: StripeJson
  /** Whose clock it is of; undefined for what is of all of them. */
  readonly world: World | undefined
}

const kinds = Object.keys(kindPaths) as Kind[]
/** Events can be asked for as long. */
const keptS = 30 * 86_400

/** @throws StripeApiError for everything that Stripe would refuse */
export function answer(asked: Asked): Answer {
  const query = readQuery(asked.search)
  const { path } = asked
  const ofAll = (body: StripeJson): Answer => ({ body, world: undefined })
  if (path === '/v1/events') return ofAll(listEvents(asked, query))
  if (path === '/v1/subscription_items') return ofAll(listItems(asked, query))
  const refundsOf = /^\/v1\/charges\/(\w+)\/refunds$/.exec(path)?.[1]
  if (refundsOf !== undefined) return ofAll(list({ ...asked, path: '/v1/refunds' }, query, 'refund', refundsOf))
  const event = /^\/v1\/events\/(\w+)$/.exec(path)?.[1]
  if (event !== undefined) return ofAll(oneEvent(asked, query, event))
  for (const kind of kinds) {
    if (path === kindPaths[kind]) return ofAll(list(asked, query, kind))
    if (!path.startsWith(`${kindPaths[kind]}/`)) continue
    const id = path.slice(kindPaths[kind].length + 1)
    if (/^\w+$/.test(id)) return one(asked, query, kind, id)
  }
  throw new StripeApiError(404, { message: `Unrecognized request URL (GET: ${path}).` })
}

function one({ worlds, caller, atMs, worldOf }: Asked, query: Query, kind: Kind, id: string): Answer {
  const expand = checkExpand(kind, caller.shape, query.list('expand'))
  query.done()
  const what = { account: caller.account, kind, object: id, atMs, shape: caller.shape, expand }
  for (const world of worlds) {
    const found = world.retrieve({ ...what, livemode: caller.livemode })
    if (found !== null) return { body: found, world }
  }
  const known = worlds.some((world) => world.versions(kind, id).length > 0)
  if (worldOf !== undefined && !known) {
    const world = worldOf(id)
    const found = world?.retrieve({ ...what, livemode: caller.livemode })
    if (!found) throw forgotten(kind)
    return { body: found, world }
  }
  const elsewhere = worlds.some((world) => world.retrieve({ ...what, livemode: !caller.livemode }) !== null)
  const [there, here] = caller.livemode ? ['test', 'live'] : ['live', 'test']
  const hint = elsewhere ? `; a similar object exists in ${there} mode, but a ${here} mode key was used` : ''
  throw missing(kind, id, elsewhere ? `${hint} to make this request.` : '')
}

/** What is the caller's, of all worlds, the newest first. */
function mine<K extends Kind>({ worlds, caller, atMs }: Asked, kind: K): readonly { world: World; object: Model[K] }[] {
  return worlds
    .flatMap((world) => world.all(kind, atMs).map((object) => ({ world, object })))
    .filter(({ object }) => object.account === caller.account && object.livemode === caller.livemode)
    .sort((a, b) => b.object.createdS - a.object.createdS)
}

function list<K extends Kind>(asked: Asked, query: Query, kind: K, charge?: string): StripeJson {
  const { caller, atMs, path } = asked
  const inside = query.list('expand').map((member) => {
    if (!member.startsWith('data.')) throw badParameter('expand', `This property cannot be expanded (${member}).`)
    return member.slice('data.'.length)
  })
  const expand = checkExpand(kind, caller.shape, inside)
  const keep = filters[kind](query)
  const inRange = query.created()
  const all = mine(asked, kind)
    .filter(({ object }) => keep(object) && inRange(object.createdS))
    .filter(({ object }) => charge === undefined || ('charge' in object && object.charge === charge))
    .map(({ world, object }) => ({ id: object.id, world }))
  return pageOf(all, query, path, ({ world, id }) => {
    const { account, livemode, shape } = caller
    return world.retrieve({ account, livemode, kind, object: id, atMs, shape, expand }) ?? {}
  })
}

function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  query: Query,
  url: string,
  show: (one: T) => StripeJson,
): StripeJson {
  const limit = query.integer('limit', 1, 100) ?? 10
  const after = query.text('starting_after')
  const before = query.text('ending_before')
  query.done()
  if (after !== undefined && before !== undefined) throw badParameter('ending_before', 'Either after or before.')
  const found = page(all, { limit, after, before })
  if (found === undefined) throw missing('object', after ?? before ?? '')
  return { object: 'list', data: found.data.map(show), has_more: found.has_more, url }
}

function eventsOf({ worlds, caller, atMs }: Asked): readonly WorldEvent[] {
  const nowMs = atMs ?? Math.max(...worlds.map((world) => world.nowMs()))
  return worlds
    .flatMap((world) => world.events())
    .filter((event) => event.account === caller.account && event.livemode === caller.livemode)
    .filter((event) => event.atMs <= nowMs && event.created >= nowMs / 1000 - keptS)
    .sort((a, b) => b.atMs - a.atMs)
}

const shown = ({ isDelivered }: Asked, event: WorldEvent): StripeJson => ({
  ...event.snapshot(),
  pending_webhooks: isDelivered(event.id) ? 0 : 1,
})

function listEvents(asked: Asked, query: Query): StripeJson {
  const type = query.text('type')
  const types = query.list('types')
  const delivered = query.boolean('delivery_success')
  const inRange = query.created()
  const events = eventsOf(asked)
    .filter((event) => inRange(event.created) && (type === undefined || event.type === type))
    .filter((event) => types.length === 0 || types.includes(event.type))
    .filter((event) => delivered === undefined || asked.isDelivered(event.id) === delivered)
  return pageOf(events, query, '/v1/events', (event) => shown(asked, event))
}

function oneEvent(asked: Asked, query: Query, id: string): StripeJson {
  query.done()
  const event = eventsOf(asked).find((candidate) => candidate.id === id)
  if (event === undefined) throw missing('event', id)
  return shown(asked, event)
}

function listItems(asked: Asked, query: Query): StripeJson {
  const id = query.text('subscription')
  if (id === undefined) throw badParameter('subscription', 'Missing required param: subscription.', 'parameter_missing')
  const found = mine(asked, 'subscription').find(({ object }) => object.id === id)
  if (found === undefined) throw missing('subscription', id)
  return pageOf(found.object.items, query, '/v1/subscription_items', (item) =>
    itemJson(item, found.object, asked.caller.shape),
  )
}

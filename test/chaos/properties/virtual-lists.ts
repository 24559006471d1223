import type { ListedObject, ListOrder, ListPage, StripeLists } from '../../../bees/finance/stripe/create-lists.ts'
import { StripeReadError } from '../../../bees/finance/stripe/reader.ts'
import type { World } from '../../../src/local/stripe/index.ts'
import { type Play, wayMs } from './play.ts'

type Listed = ListedObject & Readonly<Record<string, unknown>>

/** Small, so that pages are turned. */
const pageSize = 10
/** How old what a list shows may be: other than retrieving, lists lag behind. */
const lagMs = 3_000

/** Stripe's lists over a world. @param arrived ids of events that somebody has taken */
export function virtualLists(play: Play, world: World, arrived: ReadonlySet<string>): StripeLists {
  const { time, random, chaos } = play
  return {
    modes: [false, true],
    page: async (order, { timeoutMs }): Promise<ListPage> => {
      const ways = wayMs(play)
      const fails = random.boolean(chaos.readFails)
      const seen = await time.perform(Math.min(ways, timeoutMs), () => {
        const atMs = time.now()
        const away = chaos.outages.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs)
        if (away || fails) return undefined
        return {
          objects: listed(world, order, arrived, atMs - random.integer(0, lagMs)),
          dateS: Math.floor(atMs / 1000),
        }
      })
      if (seen === undefined) throw new StripeReadError('unavailable', 'Stripe gave no answer in time')
      const from = order.after === null ? 0 : seen.objects.findIndex(({ id }) => id === order.after) + 1
      const objects = seen.objects.slice(from, from + pageSize)
      return { objects, hasMore: seen.objects.length > from + pageSize, dateS: seen.dateS }
    },
  }
}

/** Newest first. */
function listed(world: World, order: ListOrder, arrived: ReadonlySet<string>, atMs: number): readonly ListedObject[] {
  const { account, livemode, what, filters } = order
  const least = Number(filters['created[gte]'] ?? Number.NEGATIVE_INFINITY)
  const most = Number(filters['created[lte]'] ?? Number.POSITIVE_INFINITY)
  const fits = ({ created }: ListedObject) => created >= least && created <= most
  if (what === 'event') {
    return world
      .events()
      .filter((event) => event.account === account && event.livemode === livemode && event.atMs <= atMs)
      .filter(({ id }) => filters['delivery_success'] !== 'false' || !arrived.has(id))
      .map((event) => event.snapshot() as unknown as Listed)
      .filter(fits)
      .toReversed()
  }
  return world
    .all(what, atMs)
    .filter((model) => model.account === account && model.livemode === livemode)
    .flatMap(({ id }) => {
      const object = world.retrieve({ account, livemode, kind: what, object: id, atMs })
      return object === null ? [] : [object as unknown as Listed]
    })
    .filter((object) => fits(object) && isListed(what, object))
}

/** Without a status Stripe lists the subscriptions that have not ended, and no deleted customers at all. */
const isListed = (what: ListOrder['what'], object: Listed): boolean =>
  !(what === 'subscription' && ['canceled', 'incomplete_expired'].includes(String(object['status']))) &&
  object['deleted'] !== true

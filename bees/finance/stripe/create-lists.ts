import { type Environment, Limiter, z } from '../../../src/bee/index.ts'
import type { Kind } from '../facts.ts'
import { createCallStripe, type StripeParts } from './call-stripe.ts'
import { type ReadOptions, StripeReadError } from './reader.ts'
import { resources } from './resources.ts'
import { stripeSettings } from './settings.ts'

export interface ListOrder {
  /** `self` for the own account. */
  readonly account: string
  readonly livemode: boolean
  readonly what: Kind | 'event'
  /** Stripe's filters, e.g. `created[gte]`. */
  readonly filters: Readonly<Record<string, string>>
  /** The last id of the page before; null for the first page. */
  readonly after: string | null
}

/** Newest first, as Stripe lists. */
export interface ListPage {
  readonly objects: readonly ListedObject[]
  readonly hasMore: boolean
  /** Stripe's own clock when it answered, whole seconds since 1970. */
  readonly dateS: number
}

/** With all its other members. */
export interface ListedObject {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
}

/** Stripe's lists. What they show may be some seconds old: a difference is a reason to read the object, never a fact. */
export interface StripeLists {
  /** Modes that there is a key for. */
  readonly modes: readonly boolean[]
  /**
   * @returns null when Stripe does not know the object after which the page is to begin (any more)
   * @throws StripeReadError that says why Stripe could not be asked; the signal's reason when that aborts
   */
  page(order: ListOrder, options: ReadOptions): Promise<ListPage | null>
}

export interface ListParts extends StripeParts {
  /** Calls per second of this hive. Stripe's limit is for the account, and most of it belongs to others. @default 5 */
  readonly perSecond?: number | undefined
}

const mostOfAPage = 100

const page = z.object({
  object: z.literal('list'),
  has_more: z.boolean(),
  data: z.array(
    z.looseObject({ id: z.string().min(1).max(255), created: z.int().min(0), livemode: z.boolean().optional() }),
  ),
})

/**
 * Lists of Stripe's API, with the keys of `createStripeReader` and a rate limit of their own.
 *
 * @throws TypeError for a variable that is not usable; never its value
 */
export function createStripeLists(env: Environment, parts: ListParts = {}): StripeLists {
  const settings = stripeSettings(env)
  const call = createCallStripe(settings, parts)
  const limiter = new Limiter({ perSecond: parts.perSecond ?? 5, burst: 1, clock: parts.clock })
  return Object.freeze({
    modes: [false, true].filter((livemode) => settings.keyFor(livemode) !== undefined),
    async page({ account, livemode, what, filters, after }: ListOrder, options: ReadOptions): Promise<ListPage | null> {
      await limiter.take(options.signal)
      const query = new URLSearchParams({ limit: String(mostOfAPage), ...filters })
      if (after !== null) query.set('starting_after', after)
      const path = what === 'event' ? '/v1/events' : resources[what].path
      const { object, dateS } = await call({ path: `${path}?${query}`, account, livemode }, options)
      if (object === undefined && after !== null) return null
      const parsed = page.safeParse(object)
      if (!parsed.success) throw new StripeReadError('unavailable', 'a list came that cannot be read')
      const { data, has_more } = parsed.data
      if (data.some((one) => one.livemode !== undefined && one.livemode !== livemode)) {
        throw new StripeReadError('forbidden', `the key lists objects whose livemode is not ${livemode}`)
      }
      return { objects: data, hasMore: has_more && data.length > 0, dateS }
    },
  })
}

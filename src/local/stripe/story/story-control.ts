import { z } from 'zod'
import type { Control } from '../api/control.ts'
import { StripeApiError } from '../api/errors.ts'
import { seedOfId } from '../core.ts'
import type { World } from '../types.ts'
import { type DeliveryAnswer, deliverEvent } from './deliver.ts'
import { type Story, tellStory } from './tell-story.ts'

/** Where stories are asked for. */
export const scenePath = '/__story/scene'
export const deliveryPath = '/__story/delivery'

const seed = z.int().min(0)

/** Which scene is to be played; it is played once, however often it is asked for. */
export const sceneOrder = z.strictObject({ seed, scene: z.int().min(0).max(1_000) })

/** Which of its events is to be sent where, and how many times at once. */
export const deliveryOrder = z.strictObject({
  seed,
  event: z.string(),
  times: z.int().min(1).max(10),
  url: z.url({ protocol: /^http$/, hostname: /^(127\.0\.0\.1|localhost)$/ }),
})

export const sceneReply = z.object({
  title: z.string(),
  arrival: z.enum(['all_at_once', 'in_reverse']),
  scenes: z.int(),
  customer: z.string(),
  user: z.string(),
  /** How often Stripe has been asked, by whomever, since it was started. */
  reads: z.int(),
  events: z.array(z.object({ id: z.string(), type: z.string() })),
})

export const deliveryReply = z.array(
  z.object({ http: z.int(), status: z.string().nullable(), process: z.string().nullable() }),
)

export interface Stories {
  worlds(): readonly World[]
  /** The story that an object is of, told to its end; undefined for objects of no story. */
  worldOf(object: string): World | undefined
  readonly control: Control
}

/** Kept at once; the oldest is forgotten. */
const mostStories = 50

/** Stories that are told on demand, each in a world of its own that lives as long as we do. */
export function createStories(options: {
  /** Signs what is delivered. */
  readonly webhookSecret: string
  readonly markDelivered: (event: string) => void
  readonly reads: () => number
}): Stories {
  const stories = new Map<number, Story>()
  const storyOf = (wanted: number): Story => {
    const known = stories.get(wanted)
    if (known !== undefined) return known
    const story = tellStory(wanted)
    stories.set(wanted, story)
    const [oldest] = stories.keys()
    if (stories.size > mostStories && oldest !== undefined) stories.delete(oldest)
    return story
  }
  const deliver = async (order: z.output<typeof deliveryOrder>): Promise<readonly DeliveryAnswer[]> => {
    const event = storyOf(order.seed)
      .world.events()
      .find(({ id }) => id === order.event)
    if (event === undefined) throw new StripeApiError(404, { message: 'The story has no such event.' })
    const snapshot = event.snapshot()
    const posts = Array.from({ length: order.times }, () => deliverEvent(order.url, options.webhookSecret, snapshot))
    const answers = await Promise.all(posts).catch(() => {
      throw new StripeApiError(502, { message: 'The webhook does not answer.' })
    })
    if (answers.some(({ http }) => http >= 200 && http < 300)) options.markDelivered(event.id)
    return answers
  }
  return {
    worlds: () => [...stories.values()].map(({ world }) => world),
    worldOf: (object) => {
      const seedOf = seedOfId(object)
      if (seedOf === undefined) return undefined
      const story = storyOf(seedOf)
      story.scene(story.scripts.length - 1)
      return story.world
    },
    control: {
      [scenePath]: (body) => {
        const order = parse(sceneOrder, body)
        const story = storyOf(order.seed)
        if (order.scene >= story.scripts.length) throw new StripeApiError(404, { message: 'The story is over.' })
        const { title, arrival, events } = story.scene(order.scene)
        return {
          title,
          arrival,
          scenes: story.scripts.length,
          customer: story.customer() ?? '',
          user: story.user,
          reads: options.reads(),
          events: events.map(({ id, type }) => ({ id, type })),
        } satisfies z.output<typeof sceneReply>
      },
      [deliveryPath]: (body) => deliver(parse(deliveryOrder, body)),
    },
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new StripeApiError(400, { message: z.prettifyError(parsed.error) })
}

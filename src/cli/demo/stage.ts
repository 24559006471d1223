import { z } from 'zod'
import type { Config } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { localStripeKey } from '../../local/stack.ts'
import { deliveryPath, deliveryReply, scenePath, sceneReply } from '../../local/stripe/index.ts'
import { unreachable } from '../reach.ts'

export type Scene = z.output<typeof sceneReply>
export type Answer = z.output<typeof deliveryReply>[number]

/** The Stripe of the local hive, in which the story happens. */
export interface Stage {
  /** Plays a scene, or tells again what happened in it. */
  scene(seed: number, index: number): Promise<Scene>
  /** Has it send one event so many times at once to the hive. */
  deliver(seed: number, event: string, times: number): Promise<readonly Answer[]>
}

const timeoutMs = 30_000
const signOfLifeMs = 5_000
const failure = z.object({ error: z.object({ message: z.string() }) })

/**
 * @param hive its URL
 * @throws BeeError BEE_UNREACHABLE without a hive, BEE_NOT_LOCAL where the hive's Stripe is not its own
 */
export async function openStage(config: Config, hive: string): Promise<Stage> {
  await fetch(`${hive}/livez`, { signal: AbortSignal.timeout(signOfLifeMs) }).then(
    (reply) => reply.arrayBuffer(),
    (cause: unknown) => {
      throw unreachable('The hive', hive, cause)
    },
  )
  const { STRIPE_API_URL: url, STRIPE_SECRET_KEY: key } = config
  // A key of the real Stripe is never sent anywhere from here.
  if (url === undefined || key === undefined || !localStripeKey.test(key)) {
    throw new BeeError(
      'BEE_NOT_LOCAL',
      `The story happens in the Stripe of a local hive: received settings for ${url ?? 'no Stripe at all'}, expected those that \`npm start\` writes.`,
    )
  }
  const ask = async <Schema extends z.ZodType>(path: string, order: object, reply: Schema) => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw unreachable("The hive's Stripe", url, cause)
    })
    const body: unknown = await answer.json().catch(() => undefined)
    if (answer.ok) return reply.parse(body)
    const { data } = failure.safeParse(body)
    if (answer.status === 502) throw unreachable('The hive', hive, new Error(data?.error.message))
    throw new BeeError('BEE_INTERNAL', `${path}: ${answer.status} ${data?.error.message ?? ''}`)
  }
  return {
    scene: (seed, scene) => ask(scenePath, { seed, scene }, sceneReply),
    deliver: (seed, event, times) =>
      ask(deliveryPath, { seed, event, times, url: `${hive}/webhooks/stripe` }, deliveryReply),
  }
}

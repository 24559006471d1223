import { type StripeApi, startStripeApi } from './api/start-stripe-api.ts'
import { createStories } from './story/story-control.ts'

export interface LocalStripeOptions {
  readonly port: number
  /** The only key that is let in. */
  readonly key: string
  /** Signs what the stories deliver. */
  readonly webhookSecret: string
  readonly faultControl: boolean
}

/**
 * The Stripe of a local hive: empty at first, then with the stories that are told. Stories of earlier runs come to life
 * again when one of their objects is asked for; of anything else it says that it does not know, never that it is gone.
 *
 * @throws BeeError BEE_PORT_IN_USE, BEE_LOCAL_STACK_FAILED
 */
export async function startLocalStripe(options: LocalStripeOptions): Promise<StripeApi> {
  const { port, key, webhookSecret, faultControl } = options
  const stories = createStories({
    webhookSecret,
    markDelivered: (event) => api.markDelivered(event, true),
    reads: () => api.requestCount(),
  })
  const api: StripeApi = await startStripeApi({
    worlds: stories.worlds,
    worldOf: stories.worldOf,
    control: stories.control,
    keys: [key],
    port,
    faultControl,
  })
  return api
}

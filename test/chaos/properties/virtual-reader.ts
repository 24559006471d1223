import {
  type ReadReply,
  type StripeObject,
  StripeReadError,
  type StripeReader,
} from '../../../bees/finance/stripe/reader.ts'
import { type Play, wayMs } from './play.ts'

/** Stripe's API as one executor sees it: the world at the moment at which the request arrives there. */
export function virtualReader(
  play: Play,
  retrieve: (object: StripeObject, atMs: number) => object | null,
): StripeReader {
  const { time, random, chaos, figures } = play
  return {
    read: async (object, { signal, timeoutMs }): Promise<ReadReply> => {
      const [thereMs, backMs] = chaos.readWaysMs?.(time.now()) ?? [wayMs(play), wayMs(play)]
      figures.reads += 1
      const trouble = random.boolean(chaos.readFails)
        ? random.pick(['unavailable', 'rate_limited'] as const)
        : undefined
      const seen = await time.perform(Math.min(thereMs, timeoutMs), () => {
        const atMs = time.now()
        const away = chaos.outages.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs)
        if (away || trouble !== undefined || thereMs >= timeoutMs) return undefined
        return { object: retrieve(object, atMs), dateS: Math.floor((atMs + chaos.dateSkewMs) / 1000) }
      })
      await time.sleep(Math.min(backMs, timeoutMs))
      if (seen === undefined || thereMs + backMs > timeoutMs || signal.aborted) {
        figures.failedReads += 1
        throw new StripeReadError(trouble ?? 'unavailable', 'Stripe gave no answer in time')
      }
      const times = { dateS: seen.dateS, elapsedMs: thereMs + backMs }
      return seen.object === null ? { ...times, found: false } : { ...times, found: true, object: seen.object }
    },
  }
}

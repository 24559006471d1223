import { setTimeout as sleep } from 'node:timers/promises'
import { BeeError } from '../../../errors.ts'

const firstMs = 50
const longestMs = 500

/**
 * Looks again and again until there is something.
 *
 * @throws BeeError BEE_NOT_ENDED when there is nothing after `timeoutMs`
 */
export async function waitFor<Found>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  const endMs = performance.now() + timeoutMs
  for (let pauseMs = firstMs; ; pauseMs = Math.min(longestMs, pauseMs * 1.5)) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() >= endMs) {
      throw new BeeError(
        'BEE_NOT_ENDED',
        `${what}: nothing after ${timeoutMs / 1000} s. Is the hive running the Security Bee?`,
      )
    }
    await sleep(pauseMs)
  }
}

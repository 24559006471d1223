import { type Clock, Limiter } from '../../resilience/index.ts'

const mostKeys = 10_000

export interface KeyedLimits {
  /** @returns 0 when it may go on, else how long to wait, milliseconds */
  readonly waitMs: (key: string) => number
}

/**
 * A token bucket for each key. Only so many are remembered: one that makes room for another was the longest without use,
 * and a stranger who comes with ever new keys gains a fresh bucket each, not our memory.
 */
export function keyedLimits(options: { perSecond: number; burst: number; clock: Clock }): KeyedLimits {
  const limits = new Map<string, Limiter>()
  return {
    waitMs(key) {
      const limiter = limits.get(key) ?? new Limiter(options)
      limits.delete(key)
      limits.set(key, limiter)
      if (limits.size > mostKeys) {
        for (const oldest of limits.keys()) {
          limits.delete(oldest)
          break
        }
      }
      return limiter.tryTake() ? 0 : Math.max(1, limiter.waitMs())
    },
  }
}

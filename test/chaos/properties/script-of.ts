import { createWorld, type World, type WorldEvent, type WorldOptions } from '../../../src/local/stripe/index.ts'
import type { Delivery, History } from '../../world/index.ts'

/**
 * A history by hand: what is done to the world, and in which order its events arrive.
 *
 * @param live the actions
 * @param order the events as they arrive, half a second apart; twice for those that come twice. @default as they were made
 */
export function scriptOf(
  live: (world: World) => void,
  order: (events: readonly WorldEvent[]) => readonly (WorldEvent | Delivery)[] = (events) => events,
  options: Partial<WorldOptions> = {},
): History {
  const world = createWorld({ seed: 1, ...options })
  live(world)
  const gapMs = 500
  const fromMs = world.nowMs() + gapMs
  const deliveries = order(world.events()).map(
    (one, index): Delivery => ('form' in one ? one : { atMs: fromMs + index * gapMs, event: one, form: 'snapshot' }),
  )
  return { seed: options.seed ?? 1, world, deliveries, users: [], log: [] }
}

/** To the beginning of a second, so that what follows at once bears the same one. */
export const atFullSecond = (world: World): void => world.advanceTo(Math.ceil((world.nowMs() + 1) / 1000) * 1000)

/** Some time later. */
export const later = (world: World, ms = 60_000): void => world.advanceTo(world.nowMs() + ms)

import type { Random, WorldEvent } from '../../src/local/stripe/index.ts'
import type { Chaos, Delivery, HistoryOptions } from './types.ts'

const dayMs = 86_400_000

/** How the events of a world arrive: some twice, some late, some as thin ones, some never. */
export function deliveriesOf(
  events: readonly WorldEvent[],
  random: Random,
  { thin = random.pick([0, 0.3, 1]), chaos = {} }: HistoryOptions,
): readonly Delivery[] {
  const deliveries = events.flatMap((event): Delivery[] => {
    if (random.boolean(chaos.lost ?? 0)) return []
    return formsOf(event, random, thin).flatMap((form) => {
      const extra = random.boolean(chaos.duplicates ?? 0.2) ? random.integer(1, 2) : 0
      return Array.from({ length: 1 + extra }, () => ({ atMs: event.atMs + delayMs(random, chaos), event, form }))
    })
  })
  return deliveries.sort((a, b) => a.atMs - b.atMs)
}

/** What a thin event could not say needs a snapshot: it has no object to be read. */
function formsOf(event: WorldEvent, random: Random, thin: number): readonly Delivery['form'][] {
  if (event.object === null || !random.boolean(thin)) return ['snapshot']
  return random.boolean() ? ['thin'] : ['snapshot', 'thin']
}

function delayMs(random: Random, { late = 0.4, veryLate = 0.05, days = 3 }: Chaos): number {
  const kind = random.next()
  if (kind < veryLate) return random.integer(5_000, days * dayMs)
  if (kind < veryLate + late) return random.integer(500, 5_000)
  return random.integer(30, 500)
}

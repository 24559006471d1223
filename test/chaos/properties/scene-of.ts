import { randomFrom, type SeededRandom } from '../../support/seeded-random.ts'
import { type History, type HistoryOptions, history, type PlanRow, type PolicyRow } from '../../world/index.ts'
import { type Chaos, calm } from './chaos.ts'
import type { PlayOptions } from './play-history.ts'

/** How the events of one history come to us. */
export type Mode = 'serial' | 'races' | 'parallel' | 'stripe_down' | 'lossy'

export interface Scene {
  readonly script: History
  readonly options: PlayOptions
  readonly mode: Mode
}

/** Most histories are played in an order that can be had again. */
export const modes: readonly Mode[] = [
  ...Array.from({ length: 9 }, () => 'serial' as const),
  ...(['races', 'races', 'parallel', 'parallel', 'stripe_down', 'stripe_down', 'lossy'] as const),
]

/** For races everything arrives at once, and thin events have everything read. */
const historyOptions: Readonly<Partial<Record<Mode, HistoryOptions>>> = {
  lossy: { chaos: { lost: 0.2 } },
  races: { actions: 8, customers: 1, thin: 1, chaos: { late: 0, veryLate: 0, duplicates: 0 } },
}

/** Nothing goes wrong but that many reads are overtaken by others. */
const races = (random: SeededRandom): Chaos => ({
  ...calm,
  latencyMs: 20,
  readWaysMs: () => (random.boolean(0.4) ? [1, random.integer(300, 3_000)] : [1, 5]),
})

/** Everything that a seed stands for. @param mode @default one of them, by seed */
export function sceneOf(seed: number, mode?: Mode, more: HistoryOptions = {}): Scene {
  const random = randomFrom(seed ^ 0x5ce2e)
  // Drawn in any case, so that everything else is the same in every mode.
  const drawn = random.pick(modes)
  const chosen = mode ?? drawn
  const script = history(seed, {
    actions: random.pick([2, 3, 4, 6, 12]),
    customers: random.integer(1, 3),
    ...historyOptions[chosen],
    ...more,
  })
  const tenants = new Map(
    script.world.events().map(({ account, livemode }) => [`${account} ${livemode}`, { account, livemode }]),
  )
  const prices = new Set(script.world.final().subscription.flatMap(({ items }) => items.map(({ price }) => price.id)))
  const plans: PlanRow[] = []
  const policies: PolicyRow[] = []
  for (const tenant of tenants.values()) {
    for (const price of prices) {
      if (random.boolean(0.6))
        plans.push({ ...tenant, price, plan: random.pick(['basic', 'team', 'all']), rank: random.integer(0, 3) })
    }
    if (random.boolean())
      policies.push({
        ...tenant,
        pastDueGraceDays: random.pick([0, 7, 30]),
        dispute: random.pick(['keep', 'revoke_when_lost', 'revoke_while_open'] as const),
      })
  }
  const options: PlayOptions = {
    plans,
    policies,
    ...(chosen === 'races' ? { chaos: races(randomFrom(seed)) } : {}),
    mode: chosen === 'parallel' ? 'parallel' : 'serial',
    stripeDown: chosen === 'stripe_down',
    lossy: chosen === 'lossy',
  }
  return { script, options, mode: chosen }
}

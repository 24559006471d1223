import { createRandom, createWorld, type Random, type World } from '../../src/local/stripe/index.ts'
import { currencies } from './catalogue.ts'
import { deliveriesOf } from './deliveries.ts'
import type { Move, Person } from './life.ts'
import { moneyMoves } from './money-moves.ts'
import { peopleMoves } from './people-moves.ts'
import { subscriptionMoves } from './subscription-moves.ts'
import type { History, HistoryOptions } from './types.ts'

const moves = [...peopleMoves, ...subscriptionMoves, ...moneyMoves]
const totalWeight = moves.reduce((sum, [weight]) => sum + weight, 0)
const dayMs = 86_400_000

/**
 * A world that has lived, and how its events arrive. Everything comes from the seed: equal seeds and options give equal
 * bytes.
 */
export function history(seed: number, options: HistoryOptions = {}): History {
  const random = createRandom(seed ^ 0x5eed)
  const shape = options.shape ?? 'mixed'
  const accounts = options.accounts ?? (random.boolean(0.3) ? ['acct_1colonybees'] : [])
  const world = createWorld({ seed, shape, accounts, startMs: options.startMs })
  const people = peopleOf(random, options.customers ?? 2, world.accounts)
  const log: string[] = []
  const wanted = options.actions ?? 20
  for (let tries = 0; log.length < wanted && tries < wanted * 20; tries += 1) {
    const scene = { world, random, person: random.pick(people), mixedPeriods: shape === 'basil' }
    const said = perform(draw(random), scene)
    if (said === undefined) continue
    log.push(`${new Date(world.nowMs()).toISOString()} ${said}`)
    pass(world, random)
  }
  return {
    seed,
    world,
    deliveries: deliveriesOf(world.events(), random, options),
    users: [...new Set(people.map(({ user }) => user))],
    log,
  }
}

function peopleOf(random: Random, count: number, accounts: readonly string[]): readonly Person[] {
  return Array.from({ length: count }, (_, n) => ({
    customer: null,
    // Some have two customers.
    user: `user-${random.boolean(0.15) ? 0 : n}`,
    account: random.pick(accounts),
    livemode: random.boolean(0.15),
    currency: random.pick(currencies),
    testClock: random.boolean(0.05),
  }))
}

function draw(random: Random): Move {
  let left = random.next() * totalWeight
  for (const [weight, move] of moves) {
    left -= weight
    if (left < 0) return move
  }
  return moves[0]?.[1] ?? (() => undefined)
}

/** What Stripe would refuse does not happen. */
function perform(move: Move, scene: Parameters<Move>[0]): string | undefined {
  const told = scene.world.events().length
  try {
    return move(scene)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return scene.world.events().length === told ? undefined : `half of something: ${error.message}`
  }
}

/** Most things happen within one second of each other, some after minutes, some after days. */
function pass(world: World, random: Random): void {
  const kind = random.next()
  const ms =
    kind < 0.6
      ? random.integer(0, 700)
      : kind < 0.85
        ? random.integer(1, 90) * 60_000
        : random.integer(1, 12) * dayMs + random.integer(0, dayMs)
  world.advanceTo(world.nowMs() + ms)
}

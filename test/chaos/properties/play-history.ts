import bee from '../../../bees/finance/bee.ts'
import { appliedType } from '../../../bees/finance/event-types.ts'
import { resources } from '../../../bees/finance/stripe/resources.ts'
import type { Task } from '../../../src/bee/index.ts'
import type { Json } from '../../../src/canonical.ts'
import type { WorldEvent } from '../../../src/local/stripe/index.ts'
import { randomFrom } from '../../support/seeded-random.ts'
import type { Delivery, History, PlanRow, PolicyRow } from '../../world/index.ts'
import { type Chaos, calm, chaosOf, downThroughout } from './chaos.ts'
import { checkRemains } from './check-remains.ts'
import { checkReplay } from './check-replay.ts'
import { type Figures, noFigures } from './figures.ts'
import { inputOf } from './input-of.ts'
import type { Lane } from './lane.ts'
import { executorsOf, hexOf, type Play } from './play.ts'
import type { Remains } from './recorder.ts'
import { type Ended, runDirectly, runProcess } from './run-process.ts'
import { virtualLists } from './virtual-lists.ts'
import { virtualReader } from './virtual-reader.ts'
import { type VirtualTime, virtualTime } from './virtual-time.ts'

export interface PlayOptions {
  /** `serial`: the seed decides the order of everything. `parallel`: the database is really called at once. @default 'serial' */
  readonly mode?: 'serial' | 'parallel' | undefined
  /** Stripe's API is away until all events are in. @default false */
  readonly stripeDown?: boolean | undefined
  /** Some events never come, so everything is compared with Stripe now and then, and at the end. @default false */
  readonly lossy?: boolean | undefined
  /** @default by seed */
  readonly chaos?: Chaos | undefined
  readonly plans?: readonly PlanRow[] | undefined
  readonly policies?: readonly PolicyRow[] | undefined
}

export interface Played {
  /** Empty: everything is as it must be. */
  readonly problems: readonly string[]
  readonly figures: Figures
  readonly remains: Remains
}

const rounds = 20
/** Until then, what is different may still be on its way. */
const settledMs = 300_000
const dayMs = 86_400_000
/** Stripe keeps events for thirty days. */
const reconcileEveryMs = 6 * dayMs

export const taskOf = (name: string): Task => {
  const task = bee.tasks.get(name)
  if (task === undefined) throw new Error(`the finance bee has no ${name}`)
  return task
}

/**
 * Plays one history: each delivery starts a process of the real task, computers die and stand still, Stripe can be read
 * or not. Then Stripe is well again, what was parked is read, what never came is looked up, and everything that a
 * history promises is checked. At last everything comes once more, in another order.
 */
export async function playHistory(lane: Lane, script: History, options: PlayOptions = {}): Promise<Played> {
  const { deliveries, world, seed } = script
  const random = randomFrom(seed ^ 0x5bee)
  const startMs = Math.min(...deliveries.map(({ atMs }) => atMs), world.nowMs())
  const endMs = Math.max(...deliveries.map(({ atMs }) => atMs), world.nowMs())
  const chosen = options.chaos ?? chaosOf(random, startMs, endMs)
  const chaos = options.stripeDown ? downThroughout(chosen) : chosen
  const serial = options.mode !== 'parallel'
  const colony = lane.nextColony(seed)
  const figures = noFigures()
  const time = virtualTime({ startMs, serial })
  const executors = executorsOf(colony, random, chaos.clockSkewMs)
  const play: Play = { colony, time, random, chaos, ledger: lane.ledger, figures, executors }
  await lane.prepare(options)
  const arrived = new Set<string>()
  const stage = staged(play, script, arrived)

  // First: what happens.
  for (const { atMs, event, form } of deliveries) stage.at(atMs, event, form)
  if (options.lossy) {
    for (let atMs = startMs + reconcileEveryMs; atMs < endMs; atMs += reconcileEveryMs)
      // By name: of an account that nobody has heard of yet the task could not know.
      for (const account of world.accounts) stage.task('reconcile_stripe', { account }, atMs)
  }
  const stopKilling = serial
    ? undefined
    : lane.killConnections((killed) => {
        figures.connectionsKilled += killed
      })
  await time.play()
  await stopKilling?.()

  // Second: it is quiet again, and what is missing is fetched.
  const well = { ...play, chaos: { ...calm, clockSkewMs: chaos.clockSkewMs } }
  const afterwards = staged(well, script, arrived)
  const problems: string[] = []
  figures.parked = await lane.parked()
  for (let round = 0; (await lane.parked()) > 0; round += 1) {
    if (round === rounds) {
      problems.push(`${await lane.parked()} events still wait for Stripe after ${rounds} rounds of unpark_stripe`)
      break
    }
    afterwards.task('unpark_stripe', {})
    await time.play()
  }
  for (const [n, account] of (options.lossy ? world.accounts : []).entries()) {
    // Two passes: the first one may have begun before the last event.
    for (let round = 0; afterwards.passes() < 2 * (n + 1); round += 1) {
      if (round === rounds) {
        problems.push(`reconcile_stripe is not through ${account} after ${rounds} rounds`)
        break
      }
      afterwards.task('reconcile_stripe', { account }, Math.max(time.now(), endMs) + settledMs)
      await time.play()
    }
  }
  const delivered = deliveries.map(({ event }) => event)
  const lost = world.events().filter(({ id, type }) => !arrived.has(id) && appliedType(type) !== undefined)
  if (options.lossy) delivered.push(...lost)
  const all = {
    world,
    delivered,
    plans: options.plans,
    policies: options.policies,
    ended: [...stage.ended(), ...afterwards.ended()],
  }
  const remains = await lane.recorder.remains(colony)
  problems.push(...stage.problems(), ...afterwards.problems(), ...checkRemains(remains, all))

  // Third: everything once more, entitlements included.
  await lane.recompute()
  const again = staged(well, script, arrived)
  const fromMs = time.now()
  for (const { event, form } of random.shuffle(deliveries)) again.at(fromMs + random.integer(0, 60_000), event, form)
  await time.play()
  problems.push(...again.problems(), ...checkReplay(remains, await lane.recorder.remains(colony)))

  figures.histories = 1
  figures.lost = options.lossy ? lost.length : 0
  figures.events = new Set(delivered).size
  figures.deliveries = deliveries.length
  figures.versions = remains.written.length
  return { problems, figures, remains }
}

/** Processes on their way, and what became of them. */
interface Stage {
  at(atMs: number, event: WorldEvent, form: Delivery['form']): void
  task(name: string, input: Json, atMs?: number): void
  ended(): readonly Ended[]
  /** How many passes through everything that Stripe has are complete. */
  passes(): number
  problems(): readonly string[]
}

let made = 0

function staged(play: Play, { world }: History, arrived: Set<string>): Stage {
  const { time } = play
  const reader = virtualReader(play, ({ account, livemode, kind, object }, atMs) =>
    world.retrieve({ account, livemode, kind, object, atMs, expand: resources[kind].expand }),
  )
  const services = () => ({ stripe: reader, lists: virtualLists(play, world, arrived) })
  const ended: Ended[] = []
  const problems: string[] = []
  let open = 0
  const begin = (task: Task, input: Json, label: string, run = runProcess): void => {
    open += 1
    made += 1
    const process = { id: hexOf(play.colony, made), task, input, services }
    run(play, process).then(
      (done) => {
        open -= 1
        ended.push(done)
      },
      (error: unknown) => {
        open -= 1
        problems.push(`${label}: ${error instanceof Error ? error.message : error}`)
      },
    )
  }
  return {
    at: (atMs, event, form) => {
      schedule(time, atMs, () => {
        arrived.add(event.id)
        const way = play.random.boolean(play.chaos.brokerAway) ? runDirectly : runProcess
        begin(taskOf('apply_stripe_event'), inputOf(event, form), `${event.type} ${event.id}`, way)
      })
    },
    task: (name, input, atMs = time.now()) => schedule(time, atMs, () => begin(taskOf(name), input, name)),
    ended: () => ended,
    passes: () => ended.filter(({ output }) => (output as { readonly complete?: unknown }).complete === true).length,
    problems: () => (open === 0 ? problems : [...problems, `${open} processes wait for something that never comes`]),
  }
}

const schedule = (time: VirtualTime, atMs: number, work: () => void): void => {
  void time.perform(Math.max(0, atMs - time.now()), work)
}

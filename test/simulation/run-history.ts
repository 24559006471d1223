import { checkEnd } from './check-end.ts'
import { createChecks } from './checks.ts'
import { createColoniesModel } from './colonies-model.ts'
import { createExecuteModel } from './execute-model.ts'
import { type SimHive, startHive, type World } from './hive.ts'
import { createNetwork, noFaults } from './network.ts'
import { ordersOf } from './orders.ts'
import { createScheduler } from './scheduler.ts'
import { type Incidents, planTroubles } from './troubles.ts'

/** What one seed came to. */
export interface HistoryResult {
  readonly seed: number
  /** What did not hold; empty when all is well. */
  readonly problems: readonly string[]
  /** Equal for equal runs. */
  readonly hash: string
  /** Events that were put in order. */
  readonly steps: number
  readonly processes: number
  readonly transactions: number
  readonly incidents: Incidents
  /** The last events. */
  readonly trace: readonly string[]
}

/** Everything has ended long before, once the faults are over. */
const PATIENCE_MS = 20 * 60_000
/** Longer than a zombie stands still, a breaker is open, and a hive takes to look at what lies with it. */
const AWHILE_MS = 150_000
/** After everybody has stopped nothing may happen any more. */
const SILENCE_MS = 2 * 60_000

/** Plays one history: hives, broker and database with troubles for a while, then in peace until everything is done. */
export async function runHistory(seed: number): Promise<HistoryResult> {
  const scheduler = createScheduler(seed)
  const { random } = scheduler
  const network = createNetwork(scheduler)
  const troublesMs = random.integer(5_000, 45_000)
  const orders = new Map(ordersOf(random, troublesMs).map((order) => [order.id, order]))
  const checks = createChecks({ orders, broker: () => broker, database: () => database })
  const broker = createColoniesModel(scheduler, { onClose: checks.closes, onFail: checks.fails })
  const database = createExecuteModel(scheduler, checks.commits)
  const world: World = { scheduler, network, broker, database, checks }
  const hives: SimHive[] = []

  for (const order of orders.values()) {
    scheduler.after(order.atMs, `submit ${order.label} ${order.task}`, () => broker.submit(order))
  }
  const troubles = planTroubles(world, { untilMs: troublesMs, orders: [...orders.values()], hives })
  await scheduler.run(() => false, troublesMs)

  network.plan = noFaults
  troubles.end()
  if (!hives.some(({ computer, stopsAtMs }) => computer.isAlive && stopsAtMs === null))
    hives.push(startHive(world, troubles.newHive()))
  const isOver = (): boolean => broker.processes.size === orders.size && broker.open === 0
  if (!(await scheduler.run(isOver, scheduler.nowMs + AWHILE_MS))) checks.forgotten(hives)
  const ended = await scheduler.run(isOver, troublesMs + PATIENCE_MS)
  for (const { label, state, retries } of broker.processes.values()) {
    if (state < 2) checks.problem(`${label} has not ended: state ${state}, retries ${retries}`)
  }

  // The last ones stop too; what they were closing has ended, what they have signed is stored.
  const alive = hives.filter(({ computer }) => computer.isAlive)
  for (const hive of alive) hive.stop(random.pick([200, 5_000, 30_000]))
  const stopped = await scheduler.run(
    () => alive.every(({ drained }) => drained !== null),
    scheduler.nowMs + PATIENCE_MS,
  )
  if (ended && !stopped) checks.problem('a hive has not stopped')
  await scheduler.run(() => false, scheduler.nowMs + SILENCE_MS)
  checkEnd(world, orders, hives)
  for (const hive of hives) hive.discard()

  return {
    seed,
    problems: checks.problems,
    hash: scheduler.hash,
    steps: scheduler.steps,
    processes: orders.size,
    transactions: database.rows.length,
    incidents: troubles.incidents,
    trace: scheduler.recent,
  }
}

import { identityOf } from '../../src/colonies/index.ts'
import { executorKeyFor } from '../../src/fleet/index.ts'
import { type HiveOptions, type SimHive, startHive, type World } from './hive.ts'
import type { Order } from './orders.ts'

/** How often each kind of trouble came. */
export interface Incidents {
  crashes: number
  freezes: number
  drains: number
  forced: number
  brokerDown: number
  databaseDown: number
  struckOff: number
  cancelled: number
  paused: number
}

export interface Troubles {
  readonly incidents: Incidents
  /** A hive as this history has them. */
  newHive(): HiveOptions
  /** Peace: everything is reachable, nobody crashes any more. */
  end(): void
}

export interface TroublePlan {
  readonly untilMs: number
  readonly orders: readonly Order[]
  /** The hives that there are; new ones are added. */
  readonly hives: SimHive[]
}

const OPERATOR_MS = 20_000
const MOST_SKEW_MS = 5 * 60_000

/** Draws what goes wrong in a history, and lets it happen at its time. */
export function planTroubles(world: World, { untilMs, orders, hives }: TroublePlan): Troubles {
  const { scheduler, network, broker, database } = world
  const { random } = scheduler
  const incidents: Incidents = {
    ...{ crashes: 0, freezes: 0, drains: 0, forced: 0, brokerDown: 0 },
    ...{ databaseDown: 0, struckOff: 0, cancelled: 0, paused: 0 },
  }
  const rough = random.boolean(0.7)
  network.plan = {
    silence: random.next(),
    loss: rough ? random.next() * 0.15 : 0,
    wrongAnswer: rough ? random.next() * 0.15 : 0,
    latencyMs: random.pick([5, 50, 500, 2_000]),
  }
  const canGiveBack = random.boolean(0.8)
  const cutPollAtStop = random.boolean(0.3)
  const crashChance = random.boolean(0.4) ? 0.02 : 0
  let peace = false
  let named = 0

  const crashAtStep = (): boolean => {
    if (peace || crashChance === 0 || !random.boolean(crashChance)) return false
    incidents.crashes += 1
    return true
  }
  const newHive = (sameKey: Uint8Array | null = null): HiveOptions => {
    named += 1
    const fixed = !canGiveBack || random.boolean(0.3)
    // A hive that comes back under its fixed key goes on with its receipts.
    const executorKey = sameKey ?? (fixed ? Buffer.alloc(32, named) : null)
    if (executorKey !== null && sameKey === null && !canGiveBack) approve(world, executorKey)
    const skewMs = random.boolean(0.5) ? 0 : random.integer(-MOST_SKEW_MS, MOST_SKEW_MS)
    return { name: `h${named}`, skewMs, executorKey, canGiveBack, cutPollAtStop, crashAtStep }
  }
  const at = (what: string, act: () => void): void => {
    scheduler.after(random.next() * untilMs, what, () => {
      if (!peace) act()
    })
  }
  const anyHive = (): SimHive | undefined => {
    const there = hives.filter(({ computer }) => computer.isAlive)
    return there.length === 0 ? undefined : random.pick(there)
  }
  const times = (most: number, chance: number): number => (random.boolean(chance) ? random.integer(1, most) : 0)
  const often = (count: number, what: string, act: () => void): void => {
    for (let each = 0; each < count; each += 1) at(what, act)
  }
  const away = (site: { isUp: boolean }, longestMs: number): void => {
    site.isUp = false
    scheduler.after(random.next() ** 2 * longestMs, 'a site is back', () => {
      site.isUp = true
    })
  }

  const start = (sameKey: Uint8Array | null = null): void => {
    if (!peace) hives.push(startHive(world, newHive(sameKey)))
  }
  for (let count = random.integer(1, 3); count > 0; count -= 1)
    scheduler.after(random.next() * 100, 'a hive starts', () => start())
  often(times(2, 0.5), 'a hive crashes', () => {
    const hive = anyHive()
    if (hive === undefined) return
    incidents.crashes += 1
    hive.computer.crash()
    scheduler.after(random.next() * 5_000, 'a hive starts', () => start(hive.executorKey))
  })
  often(times(2, 0.4), 'a hive stands still', () => {
    incidents.freezes += 1
    anyHive()?.computer.freeze(random.pick([500, 5_000, 60_000]))
  })
  often(times(2, 0.5), 'a hive is told to stop', () => {
    const hive = anyHive()
    incidents.drains += 1
    hive?.stop(random.pick([0, 300, 3_000, 15_000]))
    if (hive === undefined || !random.boolean(0.3)) return
    scheduler.after(random.next() * 2_000, 'a hive is told again', () => {
      incidents.forced += 1
      hive.force()
    })
  })
  often(times(2, 0.3), 'a hive starts', () => start())
  often(times(2, 0.3), 'the broker goes down', () => {
    incidents.brokerDown += 1
    away(broker, 8_000)
  })
  often(times(2, 0.4), 'the database goes down', () => {
    incidents.databaseDown += 1
    database.killAll()
    away(database, 20_000)
  })
  often(times(2, 0.2), 'assignments are paused', () => {
    incidents.paused += 1
    broker.paused = true
    scheduler.after(random.next() * 4_000, 'assignments go on', () => {
      broker.paused = false
    })
  })
  if (!canGiveBack) {
    // The hives cannot; an operator does, from time to time.
    const look = (): void => {
      broker.approveAll()
      scheduler.after(OPERATOR_MS, 'the operator looks', look)
    }
    look()
  }
  often(times(2, 0.3), 'an executor is struck off', () => {
    const up = broker.executorsUp()
    if (up.length === 0) return
    incidents.struckOff += 1
    broker.strikeOff(random.pick(up))
  })
  often(times(2, 0.2), 'a process is cancelled', () => {
    incidents.cancelled += 1
    broker.cancel(random.pick(orders).id)
  })

  return {
    incidents,
    newHive,
    end() {
      peace = true
      broker.isUp = true
      broker.paused = false
      database.isUp = true
    },
  }
}

const idsOfFixedKeys = new Map<number, string>()

/** An operator makes the broker know an executor whose key is fixed. */
function approve({ broker }: World, baseKey: Uint8Array): void {
  const number = baseKey[0] ?? 0
  const id = idsOfFixedKeys.get(number) ?? identityOf(executorKeyFor('sim', baseKey))
  idsOfFixedKeys.set(number, id)
  const name = `sim-bee-${id.slice(0, 12)}`
  broker.addExecutor({ id, name, type: 'sim-bee' })
  broker.approveExecutor(name)
}

import { coloniesBroker, createFleet, type Fleet, type FleetDrain, type StepName } from '../../src/fleet/index.ts'
import { createLedger, type Ledger } from '../../src/ledger/index.ts'
import { noMetrics, silentLog } from '../../src/telemetry/index.ts'
import type { Checks } from './checks.ts'
import type { ColoniesModel } from './colonies-model.ts'
import { type Computer, createComputer } from './computer.ts'
import type { ExecuteModel } from './execute-model.ts'
import { fakeClient } from './fake-client.ts'
import { fakeRpc } from './fake-rpc.ts'
import type { Network } from './network.ts'
import { colony, receiptKey, submitterKey } from './orders.ts'
import type { Scheduler } from './scheduler.ts'
import { type Probe, publishProbe, simBee } from './sim-bee.ts'

/** A hive of the simulation: the real fleet on a computer that may fail. */
export interface SimHive {
  readonly computer: Computer
  readonly fleet: Fleet
  readonly ledger: Ledger
  /** Executor ids that it has used. */
  readonly executors: ReadonlySet<string>
  /** Assignments that it has heard of through a poll, as `nameOfAssignment`. */
  readonly told: ReadonlySet<string>
  /** Processes that a handler of it has begun to work on. */
  readonly begun: ReadonlySet<string>
  readonly executorKey: Uint8Array | null
  readonly canGiveBack: boolean
  /** Null until it is told to stop; then the last moment at which it may still wait for an open poll. */
  readonly stopsAtMs: number | null
  readonly drained: FleetDrain | null
  stop(graceMs: number): void
  force(): void
  /** Its handlers and timers are forgotten. */
  discard(): void
}

export interface World {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly broker: ColoniesModel
  readonly database: ExecuteModel
  readonly checks: Checks
}

export interface HiveOptions {
  readonly name: string
  readonly skewMs: number
  /** Null: fresh identities. */
  readonly executorKey: Uint8Array | null
  readonly canGiveBack: boolean
  readonly cutPollAtStop: boolean
  /** Chance to die at each boundary of the pipeline. */
  readonly crashAtStep: () => boolean
}

let hives = 0

const colonyKey = Buffer.from('33'.repeat(32), 'hex')

export const nameOfAssignment = (process: string, starttime: string | null): string => `${process} ${starttime}`

/** Builds a hive and starts it. */
export function startHive(world: World, options: HiveOptions): SimHive {
  const { scheduler, network, broker, database, checks } = world
  const { name, canGiveBack, cutPollAtStop } = options
  const computer = createComputer(name, options.skewMs, scheduler)
  const { clock, random } = computer
  const executors = new Set<string>()
  const told = new Set<string>()
  const begun = new Set<string>()
  let stopsAtMs: number | null = null
  let forced = false
  let drained: FleetDrain | null = null

  const ledger = createLedger({
    url: '',
    key: '',
    rpc: fakeRpc({ scheduler, network, computer, model: database }),
    clock,
    random,
  })
  // Whose key it is, the broker's port says itself: telling it from the key would be the dearest part of a history.
  const owners = new Map<Uint8Array, string>()
  const clientFor = (key: Uint8Array) =>
    fakeClient({
      executor: () => owners.get(key) ?? '',
      scheduler,
      network,
      computer,
      model: broker,
      watch: {
        onPoll(executor) {
          executors.add(executor)
          checks.polls(hive, executor)
        },
        onTold: ({ processid, starttime }) => told.add(nameOfAssignment(processid, starttime)),
        onPollEnd: (executor) => checks.pollEnds(hive, executor),
        onPollCut() {
          const mayCut = forced || (cutPollAtStop && canGiveBack && stopsAtMs !== null)
          if (!mayCut && (stopsAtMs === null || scheduler.nowMs < stopsAtMs - 0.001))
            checks.problem(`${name} cut an open poll`)
        },
      },
    })
  const probe: Probe = {
    begin(task, process, signal) {
      begun.add(process)
      return checks.begins(hive, task, process, signal)
    },
  }
  hives += 1
  const probeName = String(hives)
  const discard = publishProbe(probeName, probe)

  const onStep = (step: StepName): Promise<void> | undefined => {
    if (!computer.isAlive) return new Promise(() => undefined)
    if (!options.crashAtStep()) return undefined
    scheduler.note(`${name} dies after ${step}`)
    computer.crash()
    return new Promise(() => undefined)
  }

  const factory = coloniesBroker({
    colony,
    clientFor,
    colonyKey: canGiveBack ? colonyKey : undefined,
    clock,
    random,
  })
  const fleet = createFleet({
    bees: [simBee],
    broker: {
      canGiveBack: factory.canGiveBack,
      connect(key) {
        const port = factory.connect(key)
        owners.set(key, port.executor)
        return port
      },
    },
    colony,
    ledger,
    receiptKey,
    trustedKeys: [submitterKey.trusted()],
    clock,
    log: silentLog,
    metrics: noMetrics,
    env: { PROBE: probeName },
    host: name,
    ...(options.executorKey === null ? {} : { executorKey: options.executorKey }),
    random,
    tuning: { cutPollAtStop, watcher: { idleMs: 15_000 } },
    onStep,
  })

  const hive: SimHive = {
    computer,
    fleet,
    ledger,
    executors,
    told,
    begun,
    canGiveBack,
    executorKey: options.executorKey,
    get stopsAtMs() {
      return stopsAtMs
    },
    get drained() {
      return drained
    },
    stop(graceMs) {
      if (stopsAtMs !== null) return
      // Of its grace it keeps a fifth, at least 100 ms and at most 3 s.
      stopsAtMs = scheduler.nowMs + graceMs - Math.min(3_000, Math.max(100, graceMs * 0.2))
      computer.enter(() => {
        void fleet.stop({ graceMs }).then((result) => {
          drained = result
          checks.drained(hive, result, graceMs)
        })
      })
    },
    force() {
      forced = true
      computer.enter(() => void fleet.force())
    },
    discard,
  }
  void fleet.start()
  return hive
}

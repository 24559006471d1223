import type { Bee } from '../bee/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Log } from '../telemetry/index.ts'
import { createBeeState } from './bee-state.ts'
import type { BeeStatus } from './bee-status.ts'
import { drainBee, type BeeDrain } from './drain.ts'
import { createIntake } from './intake.ts'
import { createOwnership, type Owned } from './ownership.ts'
import { type Poller, startPoller } from './poller.ts'
import type { ReceiptWriter } from './receipt-writer.ts'
import { createSessions } from './sessions.ts'
import { createSlots } from './slots.ts'
import type { FleetOptions, FleetTuning } from './fleet-options.ts'
import { startWatcher, type Watcher } from './watcher.ts'

export interface BeeRunnerPorts {
  readonly options: FleetOptions
  readonly tuning: FleetTuning
  readonly log: Log
  readonly random: () => number
  readonly writer: ReceiptWriter
  /** Counted once the broker was told of it. */
  readonly ledger: Ledger
}

export interface BeeRunner {
  readonly bee: Bee
  /** Resolves after the first try to register; further tries go on in the background. */
  start(): Promise<void>
  /** Drains; `deadlineMs` is monotonic. `force` cuts it short. */
  stop(deadlineMs: number, force: AbortSignal): Promise<BeeDrain>
  status(): BeeStatus
}

const REVOKE_MS = 5_000

/** One bee of the hive with everything of its own: identity, poller, slots, watcher. Nothing is shared but the ports. */
export function createBeeRunner(bee: Bee, ports: BeeRunnerPorts): BeeRunner {
  const { options, tuning, random, ledger } = ports
  const { clock, metrics } = options
  const log = ports.log.child({ bee: bee.name })
  const stopping = new AbortController()
  const state = createBeeState((next, event) => {
    metrics.beeState(bee.name, next)
    log.debug({ state: next, event }, 'the bee changed its state')
  })
  const ownership = createOwnership(clock)
  const slots = createSlots({
    total: bee.slots,
    waitingRoom: bee.slots * tuning.waitingPerSlot,
    maxStuck: bee.slots * tuning.stuckPerSlot,
    onChange() {
      metrics.slots(bee.name, slots.busy, slots.total)
      poller?.wake()
      changed()
    },
  })
  const sessions = createSessions(bee, { options, tuning, log, random, state, stopping: stopping.signal })
  const intake = createIntake(bee, { ...ports, log, ownership, slots, sessions })
  let poller: Poller | null = null
  let watcher: Watcher | null = null
  let changed: () => void = () => {}

  const cancelled = (owned: Owned): void => {
    const { processId } = owned.assignment
    log.info({ process: processId }, 'the process was cancelled at the broker')
    ledger
      .revoke(options.colony, processId, 'cancelled at the broker', { deadlineMs: clock.monotonicMs() + REVOKE_MS })
      .catch((thrown: unknown) => log.warn({ process: processId, reason: String(thrown) }, 'the revocation was not stored'))
  }

  const begin = (): void => {
    if (stopping.signal.aborted) return
    const broker = () => sessions.current().broker
    watcher = startWatcher(
      {
        clock,
        ownership,
        broker,
        orphan(assignment) {
          metrics.orphan(bee.name)
          log.warn({ process: assignment.processId, task: assignment.task }, 'took up a process that the broker says is ours')
          intake.adopt(assignment)
        },
        cancelled,
      },
      tuning.watcher,
    )
    poller = startPoller(
      {
        bee: bee.name,
        clock,
        random,
        log,
        metrics,
        state,
        slots,
        broker,
        breaker: () => ledger.breaker.state,
        deliver: intake.deliver,
        ambiguous: () => watcher?.lookSoon(),
        register: () => sessions.renew(),
      },
      tuning.poller,
    )
  }

  return {
    bee,
    async start() {
      if (!state.send('start')) return
      metrics.slots(bee.name, 0, slots.total)
      await intake.prepare()
      const first = await sessions.registerFirst()
      if (first === 'registered') return begin()
      if (first === 'later') void sessions.registerUntilDone().then((done) => done && begin())
    },
    stop(deadlineMs, force) {
      const wasStarted = state.state !== 'idle' && state.state !== 'failed'
      state.send('drain')
      stopping.abort()
      if (!wasStarted) return Promise.resolve({ finished: true, givenBack: 0, left: 0 })
      return drainBee(
        { bee: bee.name, clock, log, tuning, state, ownership, slots, sessions, poller, watcher, onChange: (wake) => { changed = wake } },
        deadlineMs,
        force,
      )
    },
    status: () => ({
      bee: bee.name,
      state: state.state,
      hold: poller?.hold ?? null,
      slots: { busy: slots.busy, total: slots.total, waiting: slots.waiting, stuck: slots.stuck },
      lastPollAgeMs: poller?.lastAnswerAgeMs() ?? null,
      executor: sessions.current().identity.id,
      executorName: sessions.current().identity.executorName,
      problem: sessions.problem(),
    }),
  }
}

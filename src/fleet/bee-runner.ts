import type { Bee } from '../bee/index.ts'
import { BeeError, toBeeError } from '../errors.ts'
import type { Log } from '../telemetry/index.ts'
import { createBeeState } from './bee-state.ts'
import type { BeeStatus } from './bee-status.ts'
import { type BeeDrain, drainBee } from './drain.ts'
import type { FleetOptions, FleetTuning } from './fleet-options.ts'
import { createIntake } from './intake.ts'
import { createNotifier } from './notifier.ts'
import { createOwnership, type Owned } from './ownership.ts'
import { type Poller, startPoller } from './poller.ts'
import type { ReceiptWriter } from './receipt-writer.ts'
import { createSessions, type Session } from './sessions.ts'
import { createSlots } from './slots.ts'
import { startWatcher, type Watcher } from './watcher.ts'

export interface BeeRunnerPorts {
  readonly options: FleetOptions
  readonly tuning: FleetTuning
  readonly log: Log
  readonly random: () => number
  readonly writer: ReceiptWriter
}

export interface BeeRunner {
  readonly bee: Bee
  /** Resolves after the first try to register; further tries go on in the background. Never rejects. */
  start(): Promise<void>
  /** Drains; `deadlineMs` is monotonic. `force` cuts it short. */
  stop(deadlineMs: number, force: AbortSignal): Promise<BeeDrain>
  status(): BeeStatus
  /** The session of an executor id, if it is one of this bee's. */
  session(executor: string): Session | undefined
}

const REVOKE_MS = 5_000

/** One bee of the hive with everything of its own: identity, poller, slots, watcher. Nothing is shared but the ports. */
export function createBeeRunner(bee: Bee, ports: BeeRunnerPorts): BeeRunner {
  const { options, tuning, random, writer } = ports
  const { clock, metrics, ledger } = options
  const log = ports.log.child({ bee: bee.name })
  const stopping = new AbortController()
  const changes = createNotifier(clock)
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
      changes.notify()
    },
  })
  const sessions = createSessions(bee, { options, tuning, log, random, state, stopping: stopping.signal })
  const intake = createIntake(bee, { options, tuning, log, ownership, slots, sessions, writer })
  const broker = () => sessions.current().broker
  let poller: Poller | null = null
  let watcher: Watcher | null = null
  let background: Promise<void> = Promise.resolve()
  let defect: BeeError | null = null

  const cancelled = (owned: Owned): void => {
    const { processId: process } = owned.assignment
    log.info({ process }, 'the process was cancelled at the broker')
    ledger
      .revoke(options.colony, process, 'cancelled at the broker', { deadlineMs: clock.monotonicMs() + REVOKE_MS })
      .catch((thrown: unknown) => log.warn({ process, code: toBeeError(thrown).code }, 'the revocation is not stored'))
  }

  const begin = (): void => {
    if (stopping.signal.aborted) return
    watcher = startWatcher(
      {
        clock,
        ownership,
        broker,
        orphan(assignment) {
          metrics.orphan(bee.name)
          log.warn({ process: assignment.processId }, 'the broker says that a process is ours which we did not know')
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

  const startUp = async (): Promise<void> => {
    try {
      await intake.prepare()
    } catch (thrown) {
      // A BeeError is written to be shown. Anything else that a bee throws while it reads its settings may quote them.
      const name = thrown instanceof Error ? thrown.name : typeof thrown
      defect =
        thrown instanceof BeeError
          ? thrown
          : new BeeError('BEE_BEE_INVALID', `the services of bee ${bee.name} could not be built: it threw ${name}`)
      log.error({ code: defect.code, reason: defect.message }, 'the bee cannot start')
      state.send('fail')
      return
    }
    const first = await sessions.registerFirst()
    if (first === 'registered') begin()
    if (first === 'later') background = sessions.registerUntilDone().then((done) => (done ? begin() : undefined))
  }

  return {
    bee,
    async start() {
      if (!state.send('start')) return
      metrics.slots(bee.name, 0, slots.total)
      background = startUp()
      await background
    },
    async stop(deadlineMs, force) {
      const wasStarted = state.state !== 'idle' && state.state !== 'failed'
      state.send('drain')
      stopping.abort()
      if (!wasStarted) return { givenBack: 0, left: 0, stillRunning: 0 }
      const waiting = new AbortController()
      await Promise.race([background, clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()), waiting.signal)])
      waiting.abort()
      const { cutPollAtStop } = tuning
      const { canGiveBack } = options.broker
      const parts = { clock, state, ownership, slots, intake, sessions, poller, changes, canGiveBack, cutPollAtStop }
      const drain = await drainBee(parts, deadlineMs, force)
      watcher?.stop()
      log.info({ ...drain }, 'the bee has stopped')
      return drain
    },
    status: () => ({
      bee: bee.name,
      state: state.state,
      hold: poller?.hold ?? null,
      slots: { busy: slots.busy, total: slots.total, waiting: slots.waiting, stuck: slots.stuck },
      lastPollAgeMs: poller?.lastAnswerAgeMs() ?? null,
      executor: sessions.current().identity.id,
      executorName: sessions.current().identity.executorName,
      problem: defect === null ? sessions.problem() : { code: defect.code, message: defect.message },
    }),
    session: (executor) => sessions.find(executor),
  }
}

import type { Bee } from '../bee/index.ts'
import type { ColoniesClient, Cron } from '../colonies/index.ts'
import { type Clock, fullJitterMs } from '../resilience/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import type { SigningKey, TrustedKey } from '../trust/index.ts'
import { brokerError } from './broker-error.ts'
import { createCronKeeper } from './cron-keeper.ts'
import { cronNameOf, isOurs, type ScheduledTask, scheduledTasks } from './schedule-spec.ts'

export interface SchedulesOptions {
  /** Signs with the key of a member of the colony. */
  readonly client: ColoniesClient
  readonly colony: string
  /** Signs the standing orders. */
  readonly envelopeKey: SigningKey
  /** Submitters whose envelopes the hive accepts; an order of another one is renewed. */
  readonly trustedKeys: readonly TrustedKey[]
  readonly bees: readonly Bee[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'schedule'>
  /** Between two looks when all is well, ms. @default 300_000 */
  readonly lookEveryMs?: number | undefined
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined
}

export interface ScheduleStatus {
  /** `<bee>/<task>` */
  readonly name: string
  readonly everyS: number
  /** `unknown` before the first look. */
  readonly state: 'kept' | 'not kept' | 'unknown'
  /** By the broker's clock, RFC 3339; null when it is not known. */
  readonly nextRun: string | null
  /** Error code of the last look. */
  readonly problem: string | null
}

export interface Schedules {
  /** Looks in the background, now and from time to time. Never throws; without the broker it goes on trying. */
  start(): void
  /** Ends the looking; a call that is under way is cut. The crons stay: other hives and the next start need them. */
  stop(): Promise<void>
  /** One look, now. Never rejects: see the problems in its answer. */
  look(): Promise<readonly ScheduleStatus[]>
  status(): readonly ScheduleStatus[]
}

const CALL_MS = 10_000
const BACKOFF = { tries: 1, baseMs: 1_000, factor: 2, capMs: 60_000 }
const LOOK_EVERY_MS = 300_000

/**
 * Sees to it that the broker has one cron for each task with a schedule, carrying a standing order that the hives
 * accept. Any number of hives do this side by side: the name is unique at the server, so one of them wins.
 */
export function createSchedules(options: SchedulesOptions): Schedules {
  const { client, colony, clock, log, metrics, bees, trustedKeys, envelopeKey } = options
  const { lookEveryMs = LOOK_EVERY_MS, random = Math.random } = options
  const wanted = scheduledTasks(colony, bees)
  const names = new Set(wanted.map(nameOf))
  const states = new Map<string, ScheduleStatus>()
  const stopping = new AbortController()
  const call = () => ({ deadlineMs: CALL_MS, signal: stopping.signal })
  const keeper = createCronKeeper({ client, colony, envelopeKey, trustedKeys, clock, log, call })
  let loop: Promise<void> | null = null

  const note = (each: ScheduledTask, cron: Cron | null, problem: string | null): ScheduleStatus => {
    const facts = { state: cron === null ? ('not kept' as const) : ('kept' as const), nextRun: cron?.nextrun ?? null }
    const status = Object.freeze({ name: nameOf(each), everyS: each.schedule.everyS, ...facts, problem })
    states.set(status.name, status)
    metrics.schedule(each.bee.name, each.task.name, cron !== null)
    return status
  }

  const failed = (each: ScheduledTask, thrown: unknown): ScheduleStatus => {
    const { code, message } = brokerError(thrown)
    if (!stopping.signal.aborted) {
      log.warn({ schedule: nameOf(each), code, reason: message }, 'the schedule could not be looked after')
    }
    return note(each, null, code)
  }

  /** Only what a hive has made, and only for bees that are here: another hive may run the others. */
  const removeLeftOvers = async (crons: readonly Cron[]): Promise<void> => {
    for (const cron of crons.filter(({ name }) => !names.has(name))) {
      if (!bees.some((bee) => isOurs(cron, bee))) continue
      try {
        await keeper.remove(cron)
        log.info({ schedule: cron.name }, 'the schedule was removed: its task has none any more')
      } catch (thrown) {
        log.warn({ schedule: cron.name, code: brokerError(thrown).code }, 'the schedule could not be removed')
      }
    }
  }

  const look = async (): Promise<readonly ScheduleStatus[]> => {
    let crons: readonly Cron[]
    try {
      crons = await keeper.list()
    } catch (thrown) {
      return wanted.map((each) => failed(each, thrown))
    }
    const all: ScheduleStatus[] = []
    for (const each of wanted) {
      all.push(
        await keeper.keep(each, crons).then(
          (cron) => note(each, cron, null),
          (thrown: unknown) => failed(each, thrown),
        ),
      )
    }
    await removeLeftOvers(crons)
    return all
  }

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const well = (await look()).every(({ problem }) => problem === null)
      failures = well ? 0 : failures + 1
      // A tenth of difference, so that hives that started together do not go on looking together.
      const pauseMs = well ? lookEveryMs * (0.95 + random() / 10) : fullJitterMs(failures, BACKOFF, random)
      await clock.sleep(pauseMs, stopping.signal)
    }
  }

  return {
    start() {
      loop ??= run()
    },
    async stop() {
      stopping.abort()
      await loop
    },
    look,
    status: () => wanted.map((each) => states.get(nameOf(each)) ?? notLooked(each)),
  }
}

const nameOf = ({ bee, task }: ScheduledTask): string => cronNameOf(bee.name, task.name)

const notLooked = (each: ScheduledTask): ScheduleStatus => ({
  name: nameOf(each),
  everyS: each.schedule.everyS,
  state: 'unknown',
  nextRun: null,
  problem: null,
})

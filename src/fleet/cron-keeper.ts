import { type CallOptions, type ColoniesClient, ColoniesError, type Cron, ProcessState } from '../colonies/index.ts'
import type { Clock } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { SigningKey, TrustedKey } from '../trust/index.ts'
import { brokerError } from './broker-error.ts'
import { cronNameOf, cronProblem, newCron, type ScheduledTask } from './schedule-spec.ts'

export interface CronKeeperOptions {
  /** Signs with the key of a member of the colony. */
  readonly client: ColoniesClient
  readonly colony: string
  readonly envelopeKey: SigningKey
  readonly trustedKeys: readonly TrustedKey[]
  readonly clock: Clock
  readonly log: Log
  readonly call: () => CallOptions
}

export interface CronKeeper {
  /** All crons of the colony. @throws ColoniesError */
  list(): Promise<readonly Cron[]>
  /**
   * Leaves a good cron alone, replaces a bad one and adds a missing one.
   * @returns the cron as it is now
   * @throws ColoniesError
   */
  keep(each: ScheduledTask, crons: readonly Cron[]): Promise<Cron>
  /** @throws ColoniesError; not for a cron that is gone already */
  remove(cron: Cron): Promise<void>
}

/** The server has no pages for crons; a colony with more has other troubles. */
const MOST_CRONS = 10_000
/** How long after its time a cron may run before it counts as stuck, beside one interval. */
const OVERDUE_MS = 5 * 60_000

/** What a hive does with the cron of one task. */
export function createCronKeeper(options: CronKeeperOptions): CronKeeper {
  const { client, colony, envelopeKey, trustedKeys, clock, log, call } = options
  /** By cron: the run that it owed when it was last looked at. */
  const owed = new Map<string, string>()
  const find = (crons: readonly Cron[], { bee, task }: ScheduledTask) =>
    crons.find(({ name }) => name === cronNameOf(bee.name, task.name))
  const problemOf = (cron: Cron, each: ScheduledTask) =>
    cronProblem(cron, each, { trusted: trustedKeys, nowMs: clock.now() })

  const list = () => client.getCrons(colony, MOST_CRONS, call())

  const remove = async (cron: Cron): Promise<void> => {
    owed.delete(cron.cronid)
    try {
      await client.removeCron(cron.cronid, call())
    } catch (error) {
      // Gone: another hive was quicker.
      if (!isMissing(error)) throw error
    }
  }

  const add = async (each: ScheduledTask): Promise<Cron> => {
    let cron: Cron
    try {
      cron = await client.addCron(newCron(each, envelopeKey, clock.now()), call())
    } catch (error) {
      // The name is taken by another hive that was quicker, or the answer got lost.
      const found = find(await list(), each)
      if (found !== undefined && problemOf(found, each) === null) return found
      throw error
    }
    log.info({ schedule: cron.name, everyS: cron.interval }, 'the schedule was set up')
    // It begins with a run, however often it is set up anew: a slot that has had its run is left alone.
    await client.runCron(cron.cronid, call()).catch((error: unknown) => {
      log.warn({ schedule: cron.name, code: brokerError(error).code }, 'the first run could not be started')
    })
    return cron
  }

  /**
   * A cron that owes the same run as at the last look, and whose last run is over: the member who made it may be gone,
   * or that run was cancelled, which the server waits for forever.
   */
  const isStuck = async (cron: Cron, { schedule }: ScheduledTask): Promise<boolean> => {
    const { nextrun, cronid, prevprocessgraphid } = cron
    const lateMs = nextrun === null ? 0 : clock.now() - Date.parse(nextrun)
    const owedBefore = owed.get(cronid)
    owed.delete(cronid)
    if (nextrun === null || lateMs < schedule.everyS * 1000 + OVERDUE_MS) return false
    owed.set(cronid, nextrun)
    if (owedBefore !== nextrun) return false
    if (prevprocessgraphid === '') return true
    try {
      const { state } = await client.getProcessGraph(prevprocessgraphid, call())
      return state !== ProcessState.WAITING && state !== ProcessState.RUNNING
    } catch (error) {
      if (isMissing(error)) return true
      throw error
    }
  }

  return {
    list,
    remove,
    async keep(each, crons) {
      const found = find(crons, each)
      if (found === undefined) return add(each)
      const problem = problemOf(found, each) ?? ((await isStuck(found, each)) ? 'the broker does not run it' : null)
      if (problem === null) return found
      log.info({ schedule: found.name, reason: problem }, 'the schedule is set up anew')
      await remove(found)
      return add(each)
    },
  }
}

/** The server answers 500 for a cron or a workflow that it does not have. */
const isMissing = (error: unknown): boolean => error instanceof ColoniesError && error.kind === 'failed'

import type { Bee } from '../bee/index.ts'
import type { Config } from '../config.ts'
import type { FleetStatus, ScheduleStatus } from '../fleet/index.ts'
import type { HiveStatus, Readiness } from '../http/index.ts'
import { brokerUrl } from './connect.ts'
import { version } from './version.ts'

/** How old the broker's last answer may be; long polls and heartbeats are shorter. */
const brokerSilenceMs = 90_000

/**
 * Ready means: every bee is known to the broker and has heard from it lately. The database plays no part: when it is
 * away, all pods are equally without it, and taking them out of service would not help.
 */
export function readinessOf(fleet: FleetStatus, draining: boolean): Readiness {
  const reasons = fleet.bees.flatMap(({ bee, state, lastPollAgeMs, problem }) => {
    if (state === 'idle' || state === 'starting')
      return [`${bee} is starting${problem === null ? '' : `: ${problem.code}`}`]
    if (state === 'failed') return [`${bee} failed${problem === null ? '' : `: ${problem.code}`}`]
    if (lastPollAgeMs !== null && lastPollAgeMs > brokerSilenceMs)
      return [`${bee} has not heard from the broker for ${Math.round(lastPollAgeMs / 1000)} s`]
    return []
  })
  if (draining) reasons.unshift('draining')
  const started = draining || fleet.bees.every(({ state }) => state !== 'idle' && state !== 'starting')
  return { started, ready: reasons.length === 0, reasons }
}

export interface StatusSources {
  readonly config: Config
  readonly bees: readonly Bee[]
  readonly startedAt: string
  readonly fleet: FleetStatus
  readonly schedules: readonly ScheduleStatus[]
  readonly readiness: Readiness
}

/** What the status page shows. */
export function hiveStatus({ config, bees, startedAt, fleet, schedules, readiness }: StatusSources): HiveStatus {
  return {
    version,
    colony: config.COLONIES_COLONY_NAME,
    startedAt,
    ready: readiness.ready,
    reasons: readiness.reasons,
    broker: originOf(brokerUrl(config)),
    database: originOf(config.SUPABASE_URL ?? ''),
    breaker: fleet.breaker,
    bees: fleet.bees.map(({ bee, state, slots, lastPollAgeMs }) => ({
      name: bee,
      state,
      busy: slots.busy,
      slots: slots.total,
      lastPollAgeMs,
      tasks: [...(bees.find(({ name }) => name === bee)?.tasks.keys() ?? [])],
    })),
    schedules,
  }
}

/** The page is open to everybody who reaches the port: no user name, password or path of an address. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? ''
}

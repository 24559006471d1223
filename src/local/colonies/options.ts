import type { Pool } from 'pg'
import type { Logger } from 'pino'

import type { Fault } from './faults.ts'

export interface Settings {
  /** Assign one at a time, with the matching rules of that mode. @default false */
  readonly exclusiveAssign: boolean
  /** Adding an executor under a used name replaces it. @default false */
  readonly allowExecutorReregister: boolean
  /** Zone of all times on the wire, an IANA name. @default 'UTC' */
  readonly timeZone: string
  /** Executors silent for longer are unregistered and their work requeued, seconds; 0 = never. @default 600 */
  readonly staleExecutorDurationS: number
  /** How often stale executors and expired rows are looked for, seconds. @default 60 */
  readonly cleanupIntervalS: number
  /** How often crons are looked at, milliseconds. @default 1000 */
  readonly cronCheckerPeriodMs: number
  /** How often generators are looked at, milliseconds. @default 1000 */
  readonly generatorCheckerPeriodMs: number
  /** How often execution and waiting limits are looked at, milliseconds. @default 1000 */
  readonly releasePeriodMs: number
  /** Delete logs and successful processes (not those of workflows) older than this, seconds; 0 = keep all. @default 0 */
  readonly retentionS: number
  /** Reported by `versionmsg`. @default 'd89bd386' */
  readonly buildVersion: string
  /** Reported by `versionmsg`. @default '2026-02-12T14:10:23Z' */
  readonly buildTime: string
  /** Largest body of a request, bytes. @default 134217728 */
  readonly maxBodyBytes: number
}

export const defaultSettings: Settings = Object.freeze({
  exclusiveAssign: false,
  allowExecutorReregister: false,
  timeZone: 'UTC',
  staleExecutorDurationS: 600,
  cleanupIntervalS: 60,
  cronCheckerPeriodMs: 1000,
  generatorCheckerPeriodMs: 1000,
  releasePeriodMs: 1000,
  retentionS: 0,
  buildVersion: 'd89bd386',
  buildTime: '2026-02-12T14:10:23Z',
  maxBodyBytes: 128 * 1024 * 1024,
})

export interface ColoniesServerOptions {
  /** Connection string of the Postgres database. Either this or `pool`. */
  readonly databaseUrl?: string | undefined
  /** A pool of the caller's; it is not closed by the server. */
  readonly pool?: Pool | undefined
  /** Connections of the own pool. @default 10 */
  readonly poolSize?: number | undefined
  /** Schema of the server's tables, created at start. One server process per schema. @default 'colonies' */
  readonly schema?: string | undefined
  /** @default '127.0.0.1' */
  readonly host?: string | undefined
  /** TCP port; 0 = any free one. @default 0 */
  readonly port?: number | undefined
  /** Identity of the server owner: 64 lower-case hex digits. */
  readonly serverId: string
  readonly settings?: Partial<Settings> | undefined
  /** Faults to begin with. @default none */
  readonly faults?: readonly Fault[] | undefined
  /** Offer `POST /__faults` and `DELETE /__faults`. For tests only. @default false */
  readonly faultControl?: boolean | undefined
  /** @default a silent logger */
  readonly logger?: Logger | undefined
}

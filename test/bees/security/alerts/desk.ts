import { randomBytes } from 'node:crypto'
import { type AlertParts, createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { alertTasks } from '../../../../bees/security/alerts/tasks.ts'
import type { IncidentChange } from '../../../../bees/security/analysis/incident.ts'
import type { SecurityServices } from '../../../../bees/security/services.ts'
import { type Bee, defineBee } from '../../../../src/bee/index.ts'
import type { Json } from '../../../../src/canonical.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask, type TaskRun } from '../../../support/run-task.ts'

export const startMs = Date.UTC(2026, 10, 24, 12)
export const secondMs = 1000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs

type Row = Record<string, unknown>

/** A database, a hive's receivers and a clock that only the test moves. */
export interface AlertDesk {
  readonly database: TestDatabase
  readonly bee: Bee
  /** What everything goes by. */
  nowMs: number
  /** Tells of incidents as an analysis does, in a transaction of its own. */
  note(changes: readonly Partial<IncidentChange>[], tenant?: string): Promise<void>
  /** One run of deliver_alerts. */
  deliver(): Promise<{ sent: number; retried: number; dead: number; held: number }>
  run(task: string, input: Json, options?: { submitter?: string }): Promise<TaskRun>
  rows(sql: string, values?: readonly unknown[]): Promise<Row[]>
  [Symbol.asyncDispose](): Promise<void>
}

export interface DeskOptions {
  readonly receivers: readonly Readonly<Record<string, unknown>>[]
  readonly database?: TestDatabase | undefined
  readonly parts?: AlertParts | undefined
  readonly allowPrivate?: boolean | undefined
}

export async function openDesk(options: DeskOptions): Promise<AlertDesk> {
  const database = options.database ?? (await createDatabase())
  const desk: AlertDesk = {
    database,
    nowMs: startMs,
    get bee() {
      return bee
    },
    note: async (changes, tenant = 'acme') => {
      await adminQuery(
        database.url,
        'select security.note_incidents($1, $2, to_timestamp($3::double precision / 1000))',
        [tenant, JSON.stringify(changes.map(change)), desk.nowMs],
      )
    },
    deliver: async () => (await desk.run('deliver_alerts', {})).output as Awaited<ReturnType<AlertDesk['deliver']>>,
    run: (task, input, { submitter } = {}) => runTask(bee, task, input, { database, submitter }),
    rows: (sql, values = []) => adminQuery(database.url, sql, values),
    [Symbol.asyncDispose]: async () => {
      if (options.database === undefined) await database.drop()
    },
  }
  const env = {
    SECURITY_RECEIVERS: JSON.stringify(options.receivers),
    SECURITY_ALLOW_PRIVATE_RECEIVERS: String(options.allowPrivate ?? true),
  }
  const parts = { random: () => 0.5, atMs: () => desk.nowMs, ...options.parts }
  const alerts = createAlertServices(env, parts)
  const bee = defineBee<SecurityServices>({
    name: 'security',
    description: 'The alerts of the Security Bee.',
    services: () => ({ alerts }) as SecurityServices,
    tasks: alertTasks,
  })
  return desk
}

/** An incident's change with everything that a test does not care about. */
export function change(given: Partial<IncidentChange>): IncidentChange {
  return {
    incident: incidentId('a'),
    change: 'opened',
    severity: 'high',
    confidence: 'high',
    title: 'Credential stuffing from one address',
    entity: { kind: 'ip', id: '203.0.113.7' },
    related: [],
    rules: ['credential_stuffing'],
    findings: ['f1'],
    first_ms: startMs - minuteMs,
    last_ms: startMs,
    events: 26,
    explanation: '26 failures for 17 accounts in 15 minutes.',
    response: 'throttle',
    risk: 75,
    quiet: false,
    wants: [],
    ...given,
  }
}

/** `inc_` and 24 hex digits, the same for the same name. */
export const incidentId = (name: string): string =>
  `inc_${Buffer.from(name).toString('hex').padEnd(24, '0').slice(0, 24)}`

export const whsec = (): string => `whsec_${randomBytes(32).toString('base64')}`

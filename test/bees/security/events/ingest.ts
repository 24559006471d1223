import security from '../../../../bees/security/bee.ts'
import type { Json } from '../../../../src/canonical.ts'
import { adminQuery, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'

export const pseudonymKey = '5c'.repeat(32)
export const env = { SECURITY_PSEUDONYM_KEY: pseudonymKey }

export interface RecordOptions {
  readonly tenant?: string
  readonly env?: Readonly<Record<string, string>>
  readonly process?: string
}

/** Runs record_events on a database, as a hive would. */
export async function record(database: TestDatabase, items: readonly unknown[], options: RecordOptions = {}) {
  const { tenant = 'default', process } = options
  const run = await runTask(
    security,
    'record_events',
    { tenant, items: items as Json },
    {
      ...{ database, env: { ...env, ...options.env } },
      ...(process === undefined ? {} : { process }),
    },
  )
  return { ...run, output: run.output as Record<string, Json> }
}

export const eventsOf = (database: TestDatabase) =>
  adminQuery(
    database.url,
    `select to_jsonb(e) - '{ingested_at,type_uid,schema_version}'::text[] as event from security.events as e order by time, id`,
  ).then((rows) => rows.map(({ event }) => event as Record<string, Json>))

export const inboxOf = (database: TestDatabase) =>
  adminQuery(database.url, 'select event from security.inbox order by seq').then((rows) =>
    rows.map(({ event }) => event as Record<string, Json>),
  )

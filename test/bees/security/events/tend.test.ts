import pg from 'pg'
import { expect, test } from 'vitest'
import security from '../../../../bees/security/bee.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { env, eventsOf, record } from './ingest.ts'

const day = 86_400_000
const partitionsOf = async (database: TestDatabase) =>
  (
    await adminQuery(
      database.url,
      `select c.relname as name from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
       where i.inhparent = 'security.events'::regclass order by 1`,
    )
  ).map(({ name }) => String(name))

test('partitions are made ahead; days beyond the retention go, with the ids that nothing can have any more', async () => {
  await using database = await createDatabase()
  const now = Date.now()
  const at = (id: string, daysAgo: number) => ({ id, time: now - daysAgo * day, action: 'login' })
  await record(database, [at('old', 12), at('edge', 6), at('new', 0)])
  const tend = (days: number) =>
    runTask(security, 'tend_events', {}, { database, env: { ...env, SECURITY_RETENTION_DAYS: String(days) } })
  const first = await tend(30)
  expect(first.output).toMatchObject({ made: 2, dropped: 0, ids: 0, more: false })
  expect(await partitionsOf(database)).toHaveLength(5)
  const second = await tend(7)
  expect(second.output).toMatchObject({ made: 0, dropped: 1, ids: 1, more: false })
  expect((await eventsOf(database)).map(({ id }) => id)).toEqual(['edge', 'new'])
  // What was forgotten cannot come back as new.
  const again = await record(database, [at('old', 12)], { env: { SECURITY_RETENTION_DAYS: '7' } })
  expect(again.output).toMatchObject({ accepted: 0, refusals: [{ reason: 'too_old' }] })
  expect(second.counts).toEqual({ dropped_partitions: 1, forgotten_ids: 1 })
})

test('somebody who reads the table for long is not waited for longer than a moment', async () => {
  await using database = await createDatabase()
  const now = Date.now()
  await record(database, [{ id: 'old', time: now - 12 * day, action: 'login' }])
  const reader = new pg.Client({ connectionString: database.url })
  reader.on('error', () => undefined)
  await reader.connect()
  await reader.query('begin; select count(*) from security.events')
  const run = await runTask(security, 'tend_events', {}, { database, env: { ...env, SECURITY_RETENTION_DAYS: '7' } })
  expect(run.output).toMatchObject({ dropped: 0 })
  await reader.query('rollback')
  await reader.end()
})

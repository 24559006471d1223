import { afterEach, beforeEach, expect, it } from 'vitest'
import { call, openCrossing } from './crossing.ts'

let world: Awaited<ReturnType<typeof openCrossing>>
beforeEach(async () => {
  world = await openCrossing()
})
afterEach(() => world[Symbol.asyncDispose]())

/** Rows that were read one after the other, not by an index. */
const scanned = async (table: string): Promise<number> => {
  const [row] = await world.rows(
    `select coalesce(seq_tup_read, 0)::integer as n from pg_stat_user_tables where schemaname = 'security' and relname = $1`,
    [table],
  )
  return Number(row?.['n'])
}

it('a large batch of events costs as many times more as it is larger', async () => {
  const nowMs = Date.now()
  const event = { source: 'app', class_uid: 3002, activity_id: 1, action: 'login', status_id: 1, severity_id: 1 }
  const batch = (from: number) =>
    Array.from({ length: 10_000 }, (_, n) => ({ id: `e${from + n}`, time: nowMs - n, ...event }))
  // Half a second where nothing else runs; when each event was compared with each it took fifteen.
  const within = { sql: `set local statement_timeout = '4s'` }
  const told = await world.cross({ first: [within, call('security.record_events', 'acme', batch(0), 30)], second: [] })
  expect(told).toEqual([null, null])
  // Each once, in a batch of which half came before.
  const { sql, values } = call('security.record_events', 'acme', batch(5000), 30)
  expect((await world.rows(sql, values))[0]?.['answer']).toMatchObject({ accepted: 5000, duplicates: 5000 })
  expect(await world.rows('select count(*)::integer as n from security.inbox')).toEqual([{ n: 15_000 }])
}, 60_000)

it('what is old is found without reading all that is not', async () => {
  await world.rows(
    `insert into security.event_ids select 'acme', 'e' || n, now() - n * interval '2 minutes' from generate_series(1, 60000) n`,
  )
  await world.rows(
    `insert into security.hook_notes (hook, uid, note, at)
     select 'password', n, '{}', now() - n * interval '2 minutes' from generate_series(1, 60000) n`,
  )
  await world.rows('vacuum analyze security.event_ids, security.hook_notes')
  const before = { ids: await scanned('event_ids'), notes: await scanned('hook_notes') }
  const { sql, values } = call('bee_tasks.security__tend_events', { retention_days: 60 }, {})
  const [row] = await world.rows(sql, values)
  const { ids, notes } = (row?.['answer'] ?? {}) as Record<'ids' | 'notes', number>
  expect(Math.min(ids, notes)).toBeGreaterThan(16_000)
  expect({ ids: await scanned('event_ids'), notes: await scanned('hook_notes') }).toEqual(before)
}, 60_000)

it('a sign-in does not wait for whoever tidies up its notes', async () => {
  await world.rows(`insert into security.hook_notes (hook, uid, note) values ('password', 'first', '{}')`)
  // Each 4096th note takes the oldest away; the next one is such a one.
  await world.rows('alter table security.hook_notes alter column seq restart with 503808')
  const told = await world.cross({
    gate: { sql: 'select from security.hook_notes for update' },
    first: [{ sql: `set local lock_timeout = '300ms'` }, call('security.keep_hook_note', 'password', {}, {})],
    second: [],
  })
  expect(told).toEqual([null, null])
  expect(await world.rows('select uid from security.hook_notes order by seq')).toMatchObject([{ uid: 'first' }, {}])
})

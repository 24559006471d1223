import { describe, expect, test } from 'vitest'
import { adminQuery, createDatabase } from '../../../support/index.ts'
import { eventsOf, inboxOf, record } from './ingest.ts'

const login = (id: string, more: object = {}) => ({
  ...{
    id,
    time: Date.now() - 1000,
    action: 'login',
    status: 'failure',
    src_ip: '203.0.113.7',
    email: 'ada@users.example',
  },
  ...more,
})

describe('record_events', () => {
  test('keeps each event once, queues it, and says what became of the batch', async () => {
    await using database = await createDatabase()
    const items = [login('a'), login('b'), login('a'), { ...login('c'), src_ip: 'nowhere' }]
    const first = await record(database, items)
    expect(first.output).toEqual({
      accepted: 2,
      duplicates: 1,
      ignored: 0,
      refused: 1,
      refusals: [{ index: 3, reason: 'bad_field', field: 'src_ip' }],
    })
    expect(first.counts).toEqual({ accepted: 2, duplicates: 1, refused_bad_field: 1 })
    const again = await record(database, items)
    expect(again.output).toMatchObject({ accepted: 0, duplicates: 3, refused: 1 })
    const events = await eventsOf(database)
    expect(events.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(events[0]).toMatchObject({
      class_uid: 3002,
      activity_id: 1,
      status_id: 2,
      src_ip: '203.0.113.7',
      source: 'app',
    })
    const inbox = await inboxOf(database)
    expect(inbox.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(inbox[0]).toMatchObject({ tenant: 'default', src_net: '203.0.113.0/24' })
    expect(inbox[0]?.account).toBe(inbox[0]?.identifier)
    expect(inbox[0]?.account).toMatch(/^[0-9a-f]{24}$/)
  })

  test('concurrent batches with the same events in other orders count each once and none dies', async () => {
    await using database = await createDatabase()
    const items = Array.from({ length: 200 }, (_, index) => login(`e${index}`))
    const batches = Array.from({ length: 6 }, (_, shift) => [...items.slice(shift * 30), ...items.slice(0, shift * 30)])
    const runs = await Promise.all(batches.map((batch) => record(database, batch)))
    const sum = (name: string) => runs.reduce((total, { output }) => total + Number(output[name]), 0)
    expect([sum('accepted'), sum('duplicates'), sum('refused')]).toEqual([200, 1000, 0])
    const [counts] = await adminQuery(
      database.url,
      `select (select count(*)::int from security.events) as events, (select count(*)::int from security.inbox) as inbox,
         (select count(*)::int from security.event_ids) as ids`,
    )
    expect(counts).toEqual({ events: 200, inbox: 200, ids: 200 })
  })

  test('takes no event that is older than the retention or more than a day ahead, and makes no partition for it', async () => {
    await using database = await createDatabase()
    const now = Date.now()
    const day = 86_400_000
    const items = [
      login('ancient', { time: 0 }),
      login('years', { time: now - 900 * day }),
      login('late', { time: now - 29 * day }),
      login('future', { time: now + 23 * 3_600_000 }),
      login('far', { time: now + 25 * 3_600_000 }),
      login('beyond', { time: Number.MAX_SAFE_INTEGER }),
    ]
    const { output } = await record(database, items)
    expect(output).toMatchObject({ accepted: 2, refused: 4 })
    expect(output['refusals']).toEqual([
      { index: 0, reason: 'too_old', field: 'time' },
      { index: 1, reason: 'too_old', field: 'time' },
      { index: 4, reason: 'too_far_ahead', field: 'time' },
      { index: 5, reason: 'too_far_ahead', field: 'time' },
    ])
    const partitions = await adminQuery(
      database.url,
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'security.events'::regclass",
    )
    expect(partitions.length).toBe(2)
    const open = await adminQuery(
      database.url,
      `select relname from pg_class where relnamespace = 'security'::regnamespace and relkind in ('r', 'p')
         and (not relrowsecurity or relowner <> 'bees_owner'::regrole)`,
    )
    expect(open).toEqual([])
  })

  test('an event of another time under a known id is a duplicate: the first one counts', async () => {
    await using database = await createDatabase()
    await record(database, [login('a', { time: Date.now() - 1000 })])
    const { output } = await record(database, [login('a', { time: Date.now() - 5 * 86_400_000, status: 'success' })])
    expect(output).toMatchObject({ accepted: 0, duplicates: 1 })
    expect((await eventsOf(database)).map(({ status_id }) => status_id)).toEqual([2])
  })

  test('tenants neither see each other nor share ids or pseudonyms', async () => {
    await using database = await createDatabase()
    await record(database, [login('a')], { tenant: 'one' })
    const other = await record(database, [login('a'), login('b', { tenant: 'one' })], { tenant: 'two' })
    expect(other.output).toMatchObject({ accepted: 1, refused: 1, refusals: [{ index: 1, reason: 'other_tenant' }] })
    const identifiers = (await eventsOf(database)).map(({ identifier }) => identifier)
    expect(new Set(identifiers).size).toBe(2)
  })

  test('learns where an address is from edge logs and tells events that do not say', async () => {
    await using database = await createDatabase()
    const now = Date.now()
    await record(database, [
      login('edge', { source: 'supabase_edge', asn: 64_500, country: 'SE', lat: 57.7, long: 11.9, time: now - 2000 }),
      login('claimed', { source: 'app', asn: 64_666, country: 'XX', src_ip: '198.51.100.9', time: now - 2000 }),
    ])
    await record(database, [login('later', { time: now }), login('stranger', { src_ip: '198.51.100.9', time: now })])
    const inbox = await inboxOf(database)
    expect(inbox.find(({ id }) => id === 'later')).toMatchObject({ asn: 64_500, country: 'SE', lat: 57.7, long: 11.9 })
    expect(inbox.find(({ id }) => id === 'stranger')).not.toHaveProperty('asn')
  })

  test('anon, authenticated, service_role and bee see and run nothing', async () => {
    await using database = await createDatabase()
    await record(database, [login('a')])
    const tables = ['events', 'event_ids', 'inbox', 'sources', 'addresses']
    const [partition] = await adminQuery(
      database.url,
      "select relname from pg_class where relname like 'events_2%' and relkind = 'r'",
    )
    for (const role of ['anon', 'authenticated', 'service_role', 'bee']) {
      for (const table of [...tables, String(partition?.relname)]) {
        await expect(
          adminQuery(database.url, `set role ${role}; select * from security.${table}`),
        ).rejects.toMatchObject({ code: '42501' })
      }
      await expect(
        adminQuery(database.url, `set role ${role}; select security.record_events('default', '[]', 30)`),
      ).rejects.toMatchObject({ code: '42501' })
    }
  })
})

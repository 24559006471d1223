import { describe, expect, it } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { systemClock } from '../../../../src/bee/index.ts'
import { adminQuery, createDatabase, seededRandom, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { startReceiver } from '../alerts/receiver-server.ts'
import { analysisBee, silenceBee } from './analysis-bee.ts'
import { beginOf, queue, remains, signIns } from './scene.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const analyse = (database: TestDatabase, input = {}, env = {}) =>
  runTask(analysisBee, 'analyze_security', input, { database, env })

/** Guesses at one account from one address, a second apart. */
const guesses = (count: number, fromMs: number, name = 'g', address = '203.0.113.7'): SecurityEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{ id: `${name}-${n}`, tenant: 'acme', time: fromMs + n * 1000, source: 'supabase_auth', class_uid: 3002 },
    ...{ activity_id: 1, action: 'login', status_id: 2, user_uid: 'u1', account: 'u1', src_ip: address },
  }))

describe('events in pages', () => {
  it('come to the same in whatever pages they are consumed', { timeout: 60_000 }, async () => {
    const random = seededRandom()
    const events = signIns(random, 'acme', 1500, beginOf(Date.now()))
    await using whole = await createDatabase()
    await queue(whole, random.shuffle(events))
    await analyse(whole)
    await using cut = await createDatabase()
    for (let from = 0; from < events.length; ) {
      const size = random.integer(1, 300)
      await queue(cut, random.shuffle(events.slice(from, from + size)))
      await analyse(cut)
      from += size
    }
    const [one, other] = [await remains(whole), await remains(cut)]
    expect(one.findings.length).toBeGreaterThan(10)
    expect(other).toEqual(one)
  })

  it('of more than a transaction can do are tried again as smaller ones', { timeout: 60_000 }, async () => {
    await using database = await createDatabase()
    await queue(database, signIns(seededRandom(), 'acme', 1000, beginOf(Date.now())))
    // Too slow for the statement limit with more than 300 events at once.
    await adminQuery(
      database.url,
      `alter function security.analysis_commit(jsonb) rename to true_commit;
       create function security.analysis_commit(input jsonb) returns jsonb language plpgsql as $$
       begin
         if jsonb_array_length(input -> 'seqs') > 300 then perform pg_sleep(10); end if;
         return security.true_commit(input);
       end $$;
       alter function security.analysis_commit(jsonb) owner to bees_owner`,
    )
    const { counts } = await analyse(database)
    expect(counts['events']).toBe(1000)
    expect(await adminQuery(database.url, 'select version::int from security.versions')).toEqual([{ version: 4 }])
  })
})

describe('what cannot be read', () => {
  it('is put aside, told by path and kind, and stops nobody', async () => {
    await using database = await createDatabase()
    const fromMs = beginOf(Date.now())
    const good = guesses(5, fromMs)
    const [one] = good
    const secret = 'ada@example.com'
    await queue(database, [
      { ...one, id: 'p1', action: secret },
      { ...one, id: 'p2', [secret]: 1 },
      { ...one, id: 'p3', tenant: 'other' },
      { id: 'p4', time: fromMs },
      'text',
      null,
      [],
      ...good,
    ])
    const { output, counts } = await analyse(database)
    expect(output).toMatchObject({ events: 5, set_aside: 7, complete: true })
    expect(counts).toMatchObject({ events: 5, set_aside: 7, findings: 1 })
    const aside = await adminQuery(database.url, 'select reason from security.set_aside order by seq')
    expect(aside).toHaveLength(7)
    expect(JSON.stringify(aside)).not.toContain(secret)
    expect(aside[0]).toEqual({ reason: 'action: invalid_value' })
    expect(aside[2]).toEqual({ reason: 'tenant: of another tenant' })
    expect(await adminQuery(database.url, 'select seq from security.inbox')).toEqual([])
  })
})

it('puts an event aside whose outcome the database refuses, and goes on behind it', { timeout: 60_000 }, async () => {
  await using database = await createDatabase()
  const fromMs = beginOf(Date.now())
  const [bad] = guesses(1, fromMs + 2_500, 'bad', '192.0.2.99')
  await queue(database, [...guesses(40, fromMs), bad])
  await adminQuery(
    database.url,
    `alter table security.states add constraint refused check (key not like '%192.0.2.99%')`,
  )
  const { output, counts } = await analyse(database)
  expect(output).toMatchObject({ events: 40, set_aside: 1, complete: true })
  expect(counts['findings']).toBeGreaterThan(0)
  const aside = await adminQuery(database.url, `select reason, event ->> 'id' as id from security.set_aside`)
  expect(aside).toEqual([{ reason: 'refused by the database: 23514', id: 'bad-0' }])
})

describe('incidents over time', () => {
  const closedOf = async (database: TestDatabase) =>
    await adminQuery(
      database.url,
      `select status, severity, incident ->> 'change' as change, incident #>> '{entity,id}' as entity
       from security.incidents order by first_ms`,
    )

  it('are closed by a sweep once the events have gone on for the quiet period, and opened again by late ones', async () => {
    await using database = await createDatabase()
    const fromMs = Date.now() - 6 * hourMs
    await queue(database, guesses(5, fromMs))
    await analyse(database)
    expect(await closedOf(database)).toMatchObject([{ status: 'open', change: 'opened' }])
    // Nothing but event time counts while events come.
    await analyse(database)
    expect(await closedOf(database)).toMatchObject([{ status: 'open' }])

    await queue(database, guesses(1, fromMs + 2 * hourMs + 5 * minuteMs, 'later', '192.0.2.1'))
    await analyse(database)
    const { output, counts } = await analyse(database)
    expect(output).toMatchObject({ closed: 1 })
    expect(counts['closed']).toBe(1)
    expect(await closedOf(database)).toMatchObject([{ status: 'closed', change: 'closed' }])
    expect((await remains(database)).alerts).toMatchObject([{ status: 'closed' }])

    await queue(database, guesses(5, fromMs + 2 * hourMs - minuteMs, 'late'))
    await analyse(database)
    expect(await closedOf(database)).toMatchObject([{ status: 'open', change: 'opened' }])
  })

  it('follow the tenant own settings', async () => {
    await using database = await createDatabase()
    await adminQuery(
      database.url,
      `insert into security.settings (tenant, rule, settings) values ('acme', '*', '{"quiet_s": 60}')`,
    )
    const fromMs = Date.now() - 3 * hourMs
    await queue(database, [...guesses(5, fromMs), ...guesses(5, fromMs + 10 * minuteMs, 'h')])
    await analyse(database)
    expect(await closedOf(database)).toHaveLength(2)
  })
})

it('notices that nothing comes any more, once, though nothing comes to notice it by', async () => {
  await using database = await createDatabase()
  const fromMs = beginOf(Date.now())
  const beats = Array.from({ length: 60 }, (_, n) => ({
    ...{ id: `beat-${n}`, tenant: 'acme', time: fromMs + n * minuteMs, source: 'hive', class_uid: 6002 },
    ...{ activity_id: 1, action: 'heartbeat', status_id: 1 },
  }))
  const at = (ms: number) => ({ ...systemClock, now: () => ms })
  const look = async (ms: number) => {
    await adminQuery(database.url, `update security.versions set ticked_at = now() - interval '2 minutes'`)
    return (await runTask(silenceBee, 'analyze_security', {}, { database, clock: at(ms) })).output
  }
  await queue(database, beats)
  await look(fromMs + 60 * minuteMs)
  expect(await look(fromMs + 62 * minuteMs)).toMatchObject({ events: 0, findings: 0 })
  expect(await look(fromMs + 75 * minuteMs)).toMatchObject({ events: 0, findings: 1, incidents: 1 })
  expect(await look(fromMs + 76 * minuteMs)).toMatchObject({ findings: 0 })
  const incidents = await adminQuery(database.url, `select title, entity_kind, entity_id from security.incidents`)
  expect(incidents).toEqual([{ title: 'A source is silent', entity_kind: 'source', entity_id: 'hive' }])
})

it('forgets what is over, a piece at a time', async () => {
  await using database = await createDatabase()
  await queue(database, guesses(25, beginOf(Date.now())))
  await analyse(database)
  const counted = (table: string) => adminQuery(database.url, `select count(*)::int as n from security.${table}`)
  expect((await counted('states'))[0]?.['n']).toBeGreaterThan(3)
  await adminQuery(
    database.url,
    `update security.states set expires_ms = 1000;
     update security.versions set analysed_at = now() - interval '1 day';
     update security.incidents set status = 'closed', closed_at = now() - interval '200 days';
     insert into security.rule_days values ('acme', 'r', current_date - 200);
     insert into security.set_aside (tenant, seq, reason, at) values ('acme', 1, 'x', now() - interval '40 days')`,
  )
  await analyse(database)
  await analyse(database)
  for (const table of ['states', 'findings', 'incidents', 'set_aside', `rule_days where rule = 'r'`]) {
    expect(await counted(table), table).toEqual([{ n: 0 }])
  }
})

it('judges a range of stored events into a report, and changes nothing', async () => {
  await using database = await createDatabase()
  const fromMs = beginOf(Date.now())
  const events = [...guesses(7, fromMs), ...guesses(30, fromMs + 10 * minuteMs, 'h', '198.51.100.9')]
  await adminQuery(database.url, 'select security.record_events($1, $2, 30)', ['acme', JSON.stringify(events)])
  const range = (from: number, to: number) => ({
    tenant: 'acme',
    range: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
  })
  const before = await remains(database)
  const { output, transactions } = await analyse(database, range(fromMs, fromMs + hourMs))
  expect(output).toMatchObject({
    events: 37,
    findings: 0,
    report: {
      ...{ events: 37, set_aside: 0, complete: true, until_ms: fromMs + hourMs },
      rules: [{ rule: 'guess_account', findings: 1 }],
      incidents: { medium: 1 },
    },
  })
  expect(transactions).toHaveLength(1)
  expect(await remains(database)).toEqual(before)
  expect(before.inbox).toHaveLength(37)
  expect((await analyse(database, range(fromMs, fromMs + 3000))).output).toMatchObject({ report: { events: 3 } })
  await expect(analyse(database, range(fromMs, fromMs - 1))).rejects.toThrow(/expected "to" after "from"/)
  await expect(analyse(database, { range: range(0, 1).range })).rejects.toThrow(/expected a tenant/)
})

it('sends what it has found at once, and once', async () => {
  await using receiver = await startReceiver()
  await using database = await createDatabase()
  const route = { min_severity: 'low', group_by: 'entity', group_wait_s: 0 }
  const env = {
    SECURITY_RECEIVERS: JSON.stringify([{ name: 'chat', kind: 'slack', url: `${receiver.url}/hook`, route }]),
    SECURITY_ALLOW_PRIVATE_RECEIVERS: 'true',
  }
  await queue(database, guesses(5, beginOf(Date.now())))
  const { counts } = await analyse(database, {}, env)
  const told = () => receiver.received.filter(({ body }) => body.includes('Guessing'))
  expect(counts['alerts_sent']).toBeGreaterThan(0)
  expect(told()).toHaveLength(1)
  // The same again is nobody's news.
  await analyse(database, {}, env)
  expect(told()).toHaveLength(1)
})

describe('nobody else', () => {
  const outsiders = ['anon', 'authenticated', 'service_role', 'bee'] as const
  const tables = [
    'states',
    'versions',
    'findings',
    'incidents',
    'set_aside',
    'streams',
    'points',
    'settings',
    'rule_days',
  ]
  const attacks = [
    ...tables.flatMap((table) => [
      `select * from security.${table}`,
      `insert into security.${table} default values`,
      `delete from security.${table}`,
      `truncate security.${table}`,
    ]),
    `select security.analysis_commit('{}')`,
    `select security.analysis_page('{"tenant":"acme","most":1,"bytes":1}')`,
    `select security.write_incidents('acme', '[]')`,
    `select security.close_incidents(1)`,
    `select bee_tasks.security__analyze_security('{}', '{}')`,
    `select bee_tasks.security__analyze_security__read('{}', '{}')`,
    `select bee_tasks.security__detect_anomaly('{}', '{}')`,
    `select bee_tasks.security__detect_anomaly__read('{}', '{}')`,
  ]

  it.each(outsiders)('%s sees or changes anything', async (role) => {
    await using database = await createDatabase()
    await queue(database, guesses(5, beginOf(Date.now())))
    await analyse(database)
    for (const attack of attacks) {
      await expect(adminQuery(database.url, `set role ${role}; ${attack}`), attack).rejects.toMatchObject({
        code: '42501',
      })
    }
  })
})

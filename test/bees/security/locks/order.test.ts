import { afterEach, beforeEach, expect, it } from 'vitest'
import { prepareAuth } from '../../../support/auth.ts'
import { change, incidentId } from '../alerts/desk.ts'
import { changeOf } from '../respond/desk.ts'
import { call, openCrossing } from './crossing.ts'

let world: Awaited<ReturnType<typeof openCrossing>>
beforeEach(async () => {
  world = await openCrossing()
})
afterEach(() => world[Symbol.asyncDispose]())

const nowMs = Date.now()
const at = new Date(nowMs).toISOString()
const both = [null, null]

/** Of everybody (*), as a hive makes them of its receivers; not seen for a while, so that they are written anew. */
const routes = (...names: readonly string[]) =>
  world.rows(
    `insert into security.routes (tenant, name, receiver, kind, min_severity, group_by, group_wait, group_interval,
       repeat_interval, from_environment, seen_at)
     select '*', n, n, 'webhook', 'low', 'entity', '0', '0', '1 hour', true, now() - interval '11 minutes'
     from unnest($1::text[]) as n`,
    [names],
  )
const notes = (tenant: string, ...changes: readonly object[]) => call('security.note_incidents', tenant, changes, at)
const note = (tenant: string, ...changes: readonly object[]) => {
  const { sql, values } = notes(tenant, ...changes)
  return world.rows(sql, values)
}
const about = (name: string, more: object = {}) =>
  change({ incident: incidentId(name), entity: { kind: 'ip', id: name }, ...more })
const hold = (what: string) => ({ sql: `select from ${what} for update` })
const route = { min_severity: 'low', rules: null, group_by: 'entity', group_wait_s: 0, group_interval_s: 0 }
const receivers = (...names: readonly string[]) =>
  names.map((name) => ({ name, kind: 'webhook', ready: true, route: { ...route, repeat_interval_s: 3600 } }))

it('an analysis that tells of an incident and a response that tells of its trouble', async () => {
  await prepareAuth(world.database)
  await routes('ops')
  await note('acme', about('known'))
  const propose = (address: string) => changeOf({ wants: [{ kind: 'ip', id: address, response: 'block_ip' }] })
  const { sql, values } = call('security.propose_plans', 'acme', [propose('203.0.113.8')], at)
  await world.rows(sql, values)
  const [circuit] = await world.rows(
    `insert into security.circuits (tenant, playbook, brake, facts, plan)
     select 'acme', 'p', 'users', '{}', p.id from security.plans as p returning id::text`,
  )
  await world.rows(
    `insert into security.response_alerts (tenant, what, change, noted_at) values ('acme', 'circuit:p', $1, now())`,
    [JSON.stringify(about('trouble'))],
  )
  const people = [{ kid: 'k', name: 'ada' }]
  const close = { op: 'close_circuit', tenant: 'acme', id: circuit?.['id'], reason: 'seen to', people }
  const told = await world.cross({
    gate: hold('security.notifications'),
    first: [call('security.tell_incidents', 'acme', [about('known', { change: 'raised' }), propose('203.0.113.9')])],
    second: [call('security.set_response_policy', close, { nonce: { kid: 'k' }, process: 'p' })],
  })
  expect(told).toEqual(both)
  expect(await world.rows(`select from security.plans where plan::text like '%203.0.113.9%'`)).toHaveLength(1)
  expect(await world.rows(`select from security.alerts where status = 'closed'`)).toHaveLength(1)
})

it('two runs that close incidents of two tenants which ended in another order', async () => {
  await routes('ops')
  const [from, ids] = [nowMs - 7_200_000, ['beta', 'alpha', 'alpha', 'beta'] as const]
  await world.rows(`insert into security.versions (tenant, watermark_ms) values ('alpha', $1), ('beta', $1)`, [nowMs])
  for (const [n, tenant] of ids.entries()) {
    const incident = about(`${tenant}${n}`)
    await note(tenant, incident)
    await world.rows(
      `insert into security.incidents (tenant, id, status, severity, confidence, title, entity_kind, entity_id, quiet,
         first_ms, last_ms, until_ms, incident)
       values ($1, $2, 'open', 'high', 'high', 'one', 'ip', $3, false, $4, $4, $5, $6)`,
      [tenant, incident.incident, incident.entity.id, from, from + n, JSON.stringify(incident)],
    )
  }
  const told = await world.cross({
    gate: hold(`security.notifications where tenant = 'beta'`),
    first: [call('security.close_incidents', 2)],
    second: [call('security.close_incidents', 2)],
  })
  expect(told).toEqual(both)
  const rest = call('security.close_incidents', 10)
  await world.rows(rest.sql, rest.values)
  expect(await world.rows(`select from security.alerts where status = 'closed'`)).toHaveLength(4)
})

it('whoever closes an incident and an analysis that tells of something before it changes that incident', async () => {
  await world.rows(`insert into security.versions (tenant, watermark_ms) values ('acme', $1)`, [nowMs])
  const incident = about('one')
  await world.rows(
    `insert into security.incidents (tenant, id, status, severity, confidence, title, entity_kind, entity_id, quiet,
       first_ms, last_ms, until_ms, incident)
     values ('acme', $1, 'open', 'high', 'high', 'one', 'ip', 'one', false, 0, 0, 0, $2)`,
    [incident.incident, JSON.stringify(incident)],
  )
  const told = await world.cross({
    gate: { sql: 'select pg_advisory_xact_lock(1)' },
    first: [
      notes('acme', about('trouble')),
      { sql: 'select pg_advisory_xact_lock(1)' },
      call('security.write_incidents', 'acme', [{ until_ms: nowMs * 2, change: { ...incident, change: 'continued' } }]),
    ],
    second: [call('security.close_incidents', 1)],
  })
  expect(told).toEqual(both)
  // It goes on, so it was not closed.
  expect(await world.rows(`select from security.incidents where status = 'open'`)).toHaveLength(1)
})

it('a sender and an incident that ends in a silence before anybody was told', async () => {
  await routes('ops')
  await world.rows('update security.routes set seen_at = now()')
  await note('acme', about('one', { severity: 'critical' }), about('two'))
  await world.rows(
    `insert into security.silences (tenant, author, reason, incident, max_severity, starts_at, ends_at)
     values ('acme', 'ada', 'a drill', $1, 'low', $2, $2::timestamptz + interval '1 hour')`,
    [incidentId('one'), at],
  )
  const told = await world.cross({
    gate: hold(`security.alerts where incident = '${incidentId('two')}'`),
    first: [notes('acme', about('one', { severity: 'low', change: 'closed' }), about('two', { change: 'closed' }))],
    second: [
      call('security.claim_deliveries', { receivers: receivers('ops'), most: 10, lease_s: 60 }, { process: 'p' }),
    ],
  })
  expect(told).toEqual(both)
})

it('points of an analysis and a detector that goes on', async () => {
  await world.rows(
    `insert into security.streams (tenant, stream, kind) select 'acme', s, 'count' from unnest(array['a', 'g', 'z']) as s`,
  )
  await world.rows(`insert into security.points select 'acme', s, 60000, 1 from unnest(array['a', 'g', 'z']) as s`)
  const points = ['a', 'g', 'z'].map((stream) => ({ stream, kind: 'count', time_ms: 60_000, value: 1 }))
  const seen = { version: 0, state: {}, last_ms: 60_000, points: 1, learning: true, anomaly: null, anomaly_ms: null }
  const nothing = {
    seqs: [],
    set_aside: [],
    states: [],
    gone: [],
    findings: [],
    rules: [],
    incidents: [],
    watermark_ms: 0,
  }
  const told = await world.cross({
    gate: hold(`security.points where stream = 'g'`),
    first: [call('security.analysis_commit', { ...nothing, tenant: 'acme', version: 0, points, streams: [] })],
    second: [
      call('security.analysis_commit', {
        ...{ ...nothing, tenant: 'acme', version: null, points: [] },
        streams: ['z', 'a'].map((stream) => ({ ...seen, stream })),
      }),
    ],
  })
  expect(told).toEqual(both)
  // Added before the detector saw them, so they went with what it has seen.
  expect(await world.rows('select stream, value from security.points')).toEqual([{ stream: 'g', value: 2 }])
})

it('two batches of events that need partitions of several days', async () => {
  const day = 86_400_000
  const event = (n: number, age: number) => ({
    ...{ id: `e${n}`, time: nowMs - age * day, source: 'app', class_uid: 3002, activity_id: 1, action: 'login' },
    ...{ status_id: 1, severity_id: 1 },
  })
  const told = await world.cross({
    gate: { sql: 'lock table security.events in share update exclusive mode' },
    first: [call('security.record_events', 'acme', [event(1, 9), event(2, 8)], 30)],
    second: [call('security.record_events', 'acme', [event(3, 8)], 30)],
  })
  expect(told).toEqual(both)
  expect(await world.rows('select from security.events')).toHaveLength(3)
})

it("everybody's routes: set by a person, and made by a hive of its receivers", async () => {
  await routes('a', 'g', 'z')
  const set = ['z', 'g', 'a'].map((name) => ({
    ...route,
    name,
    receiver: name,
    kind: 'webhook',
    repeat_interval_s: 60,
  }))
  const told = await world.cross({
    gate: hold(`security.routes where name = 'g'`),
    first: [call('bee_tasks.security__set_alert_routes', { tenant: '*', routes: set }, { nonce: { kid: 'k' } })],
    second: [
      call('security.claim_deliveries', { receivers: receivers('a', 'z'), most: 1, lease_s: 60 }, { process: 'p' }),
    ],
  })
  expect(told).toEqual(both)
  // What a person has set stays.
  expect(await world.rows('select from security.routes where not from_environment')).toHaveLength(3)
})

it.each([
  ['findings', `security.findings`],
  ['incidents', `security.incidents where status = 'closed'`],
])('whoever forgets old %s does not wait for one that comes again', async (_, old) => {
  await world.rows(`insert into security.versions (tenant, watermark_ms) values ('acme', $1)`, [nowMs])
  for (const [name, status] of Object.entries({ old: 'closed', bare: 'closed', over: 'open' })) {
    await world.rows(
      `insert into security.incidents (tenant, id, status, severity, confidence, title, entity_kind, entity_id, quiet,
         first_ms, last_ms, until_ms, closed_at, incident)
       values ('acme', $1, $2, 'high', 'high', 'one', 'ip', 'x', false, 0, 0, 0, now() - interval '181 days', $3)`,
      [incidentId(name), status, JSON.stringify(about(name))],
    )
  }
  await world.rows(
    `insert into security.findings (tenant, key, rule, detection, severity, confidence, entity_kind, entity_id, incident,
       quiet, time_ms, finding)
     values ('acme', 'k', 'r', 1, 'high', 'high', 'ip', 'x', $1, false, 0, '{}')`,
    [incidentId('old')],
  )
  const told = await world.cross({
    gate: { sql: 'select pg_advisory_xact_lock(1)' },
    first: [hold(old), { sql: 'select pg_advisory_xact_lock(1)' }, notes('acme', about('again'))],
    second: [call('security.analysis_begin', { tenant: null })],
  })
  expect(told).toEqual(both)
  expect(await world.rows(`select from security.incidents where id = $1`, [incidentId('bare')])).toHaveLength(
    old.includes('incidents') ? 1 : 0,
  )
})

import { describe, expect, it } from 'vitest'
import { loadRules, ruleFilesOf, shippedFolder } from '../../../../bees/security/rules/index.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { ruleText } from '../rules/playing.ts'
import { beeWith } from './analysis-bee.ts'
import { queue } from './scene.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

describe('the first days after the switching on', () => {
  const bee = beeWith(
    loadRules([
      {
        name: 'bulk.yml',
        text: ruleText({
          ...{ id: 'bulk', quiet: '7d', suppress: '1s' },
          any: [{ kind: 'event_count', by: ['src_ip'], within: '1h', gte: 5 }],
        }),
      },
    ]),
  )
  const failure = (name: string, time: number, host = 9) => ({
    ...{ id: name, time, source: 'auth_hook', class_uid: 3002, activity_id: 1, action: 'login', status_id: 2 },
    ...{ src_ip: `203.0.113.${host}`, src_net: '203.0.113.0/24', user_uid: 'u1', account: 'u1' },
  })
  const burst = (host: number, toMs: number) =>
    Array.from({ length: 5 }, (_, n) => failure(`${host}-${n}`, toMs - (5 - n) * 1000, host))
  /** By the way in that everything takes. */
  const record = (database: TestDatabase, events: readonly unknown[]) =>
    adminQuery(database.url, `select security.record_events('acme', $1, 90)`, [JSON.stringify(events)])
  const told = async (database: TestDatabase) => {
    await runTask(bee, 'analyze_security', {}, { database })
    const found = await adminQuery(database.url, 'select quiet from security.findings order by time_ms')
    return found.map(({ quiet }) => quiet)
  }
  const pageOf = async (database: TestDatabase) => {
    const [row] = await adminQuery(
      database.url,
      `select security.analysis_page('{"tenant": "acme", "most": 10, "bytes": 100000}') ->> 'since_ms' as since,
         floor(extract(epoch from min(first_seen_at)) * 1000)::text as seen
       from security.sources where tenant = 'acme'`,
    )
    return row
  }

  it('are not ended by history, nor by one event that claims to be old', async () => {
    await using database = await createDatabase()
    const nowMs = Date.now()
    await record(database, [failure('forged', nowMs - 20 * dayMs), ...burst(1, nowMs - 60_000)])
    const before = await pageOf(database)
    expect(before?.['since']).toBe(before?.['seen'])
    expect(await told(database)).toEqual([true])
    // The same to the millisecond, whoever asks and when: an analysis that is repeated comes to the same.
    expect(await pageOf(database)).toEqual(before)
    await record(database, burst(2, nowMs - 30_000))
    expect(await told(database)).toEqual([true, true])
    // A week goes by for the tenant.
    await adminQuery(database.url, `update security.versions set began_at = began_at - interval '8 days'`)
    await record(database, burst(3, nowMs - 10_000))
    expect(await told(database)).toEqual([true, true, false])
  })
})

describe('one metric', () => {
  const files = ruleFilesOf(shippedFolder).filter(({ name }) => name.startsWith('30-'))
  const bee = beeWith(loadRules(files))
  const usual = [100, 103, 98, 101, 99, 102, 97, 100, 104, 96, 101]

  async function play(database: TestDatabase, mode: string) {
    await adminQuery(
      database.url,
      `insert into security.settings (tenant, rule, settings, mode) values
         ('acme', 'metric_stream', '{"learn_points": 750}', null), ('acme', 'metric_anomaly', '{}', '${mode}')`,
    )
    const fromMs = Date.now() - (Date.now() % minuteMs) - 970 * minuteMs
    const events = Array.from({ length: 960 }, (_, n) => ({
      ...{ id: `m-${n}`, tenant: 'acme', time: fromMs + n * minuteMs, source: 'app', class_uid: 6002, activity_id: 1 },
      ...{ action: 'metric', status_id: 1, metric: 'errors', value: (usual[n % 11] ?? 100) * (n >= 900 ? 5 : 1) },
    }))
    await queue(database, events)
    const analysed = await runTask(bee, 'analyze_security', {}, { database })
    const detected = await runTask(bee, 'detect_anomaly', {}, { database })
    const rows = (sql: string) => adminQuery(database.url, sql)
    return {
      events: analysed.counts['events'],
      anomalies: (detected.output as { readonly anomalies: readonly { readonly stream: string }[] }).anomalies,
      findings: (await rows('select distinct rule from security.findings')).map(({ rule }) => rule),
      incidents: await rows(`select quiet, severity, incident ->> 'explanation' as text from security.incidents`),
      alerts: await rows('select incident from security.alerts where not quiet'),
    }
  }

  it('that a rule and a detector find odd is one incident and one alert, and says what was expected', async () => {
    await using database = await createDatabase()
    const { events, anomalies, findings, incidents, alerts } = await play(database, 'on')
    expect(events).toBe(960)
    // The task answers whoever asks for the stream; people are told by the rule.
    expect(anomalies.map(({ stream }) => stream)).toContain('metric:errors')
    expect(findings).toEqual(['metric_anomaly'])
    expect(incidents).toHaveLength(1)
    expect(String(incidents[0]?.['text'])).toMatch(/errors: Expected between \S+ and \S+, got [45]\d\d.*, since 20/)
    expect(alerts).toHaveLength(1)
  })

  it.each(['quiet', 'off'])('is told by nobody where the rule is %s', async (mode) => {
    await using database = await createDatabase()
    const { anomalies, incidents, alerts } = await play(database, mode)
    expect(anomalies).not.toEqual([])
    expect(incidents.filter(({ quiet }) => quiet === false)).toEqual([])
    expect(alerts).toEqual([])
  })
})

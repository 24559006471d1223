import { describe, expect, it } from 'vitest'
import {
  type Anomaly,
  type DueStream,
  judgeStream,
  streamSettings,
} from '../../../../bees/security/analysis/judge-stream.ts'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import {
  adminQuery,
  createDatabase,
  type SeededRandom,
  seededRandom,
  type TestDatabase,
} from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { analysisBee } from './analysis-bee.ts'
import { queue, remains } from './scene.ts'

const minuteMs = 60_000
const run = (database: TestDatabase, task: string, input = {}) => runTask(analysisBee, task, input, { database })
const learnIn = (database: TestDatabase, points: number) =>
  adminQuery(
    database.url,
    `insert into security.settings (tenant, rule, settings) values ('acme', 'metric_stream', $1)`,
    [JSON.stringify({ learn_points: points })],
  )

interface Ran {
  readonly anomalies: readonly Anomaly[]
  readonly learning: readonly unknown[]
  readonly points: number
}

const metric = (name: string, n: number, value: number, fromMs: number): SecurityEvent => ({
  ...{
    id: `${name}-${n}`,
    tenant: 'acme',
    time: fromMs + n * minuteMs,
    source: 'hive',
    class_uid: 6002,
    activity_id: 1,
  },
  ...{ action: 'metric', status_id: 1, metric: name, value },
})

/** Something that breathes by the hour, with noise. */
const breath = (random: SeededRandom, n: number): number =>
  100 + 20 * Math.sin((2 * Math.PI * n) / 60) + random.integer(-4, 4)

describe('a metric', () => {
  it('is learnt, then what is unusual is told with what was expected, what came and since when', async () => {
    const random = seededRandom(7)
    await using database = await createDatabase()
    await learnIn(database, 300)
    const fromMs = Date.now() - 500 * minuteMs
    const events = Array.from({ length: 400 }, (_, n) =>
      metric('queue_length', n, breath(random, n) + (n >= 380 ? 400 : 0), fromMs),
    )
    await queue(database, events.slice(0, 200))
    await run(database, 'analyze_security')
    const early = (await run(database, 'detect_anomaly')).output as Ran
    expect(early.anomalies).toEqual([])
    expect(early.learning).toEqual([{ tenant: 'acme', stream: 'metric:queue_length' }])

    await queue(database, events.slice(200))
    await run(database, 'analyze_security')
    const late = (await run(database, 'detect_anomaly', { tenant: 'acme', streams: ['metric:queue_length'] }))
      .output as Ran
    const found = late.anomalies.find(({ came }) => came > 400)
    expect(found).toMatchObject({ stream: 'metric:queue_length', severity: 'low' })
    expect(found?.time_ms).toBeGreaterThanOrEqual(fromMs + 380 * minuteMs)
    expect(found?.time_ms).toBeLessThan(fromMs + 383 * minuteMs)
    expect(found?.expected?.high).toBeLessThan(200)
    expect(found?.explanation).toMatch(/^The metric queue_length: Expected between \S+ and \S+, got \d+.*since 20/)
    expect(late.learning).toEqual([])
    const incidents = await adminQuery(
      database.url,
      `select severity, title, incident ->> 'explanation' as text from security.incidents where incident -> 'rules' ? 'metric_stream'`,
    )
    expect(incidents).toHaveLength(1)
    expect(incidents[0]).toMatchObject({ severity: 'low', title: 'Unusual: The metric queue_length' })
    expect(String(incidents[0]?.['text'])).toContain(found?.explanation)
    // Its points are gone but the newest, which waits a minute for late ones, and nothing is looked at twice.
    expect(await adminQuery(database.url, 'select count(*)::int as n from security.points')).toEqual([{ n: 1 }])
    expect(((await run(database, 'detect_anomaly')).output as Ran).points).toBe(0)
  })
})

describe('a count', () => {
  const failures = (fromMs: number, minute: number, count: number): SecurityEvent[] =>
    Array.from({ length: count }, (_, n) => ({
      ...{ id: `f-${minute}-${n}`, tenant: 'acme', time: fromMs + minute * minuteMs + n * 10, source: 'supabase_auth' },
      ...{
        class_uid: 3002,
        activity_id: 1,
        action: 'login',
        status_id: 2,
        src_ip: `192.0.2.${(n % 200) + 1}`,
        account: `u${n}`,
      },
    }))

  it('has zeros where nothing happened, tells a flood, and nothing of what is little', async () => {
    const random = seededRandom(8)
    await using database = await createDatabase()
    await learnIn(database, 200)
    const fromMs = Date.now() - (Date.now() % minuteMs) - 420 * minuteMs
    const quiet = Array.from({ length: 400 }, (_, n) =>
      n % 3 === 0 ? failures(fromMs, n, random.integer(0, 2)) : [],
    ).flat()
    const little = failures(fromMs, 300, 12)
    const flood = failures(fromMs, 390, 150)
    await queue(database, [...quiet, ...little, ...flood])
    await run(database, 'analyze_security')
    const { anomalies, points } = (await run(database, 'detect_anomaly')).output as Ran
    expect(points).toBeGreaterThan(390)
    expect(anomalies.map(({ time_ms, came, severity }) => [time_ms, came >= 150, severity])).toEqual([
      [fromMs + 390 * minuteMs, true, 'medium'],
    ])
    expect(anomalies[0]?.explanation).toContain('Failed logins a minute: Expected between')
  })

  it('comes to the same however its points are cut', () => {
    const random = seededRandom()
    const settings = streamSettings.parse({ learn_points: 50, refractory_points: 10 })
    const points = Array.from({ length: 600 }, (_, n): [number, number] => [
      (n + 1) * minuteMs,
      random.integer(0, 10) + ([200, 350, 500].includes(n) ? 300 : 0),
    ]).filter(([, value]) => value > 20 || random.boolean(0.8))
    const due: DueStream = {
      ...{
        tenant: 'acme',
        tenant_version: 0,
        stream: 'login_failures',
        kind: 'count',
        version: 0,
        state: null,
        last_ms: 0,
      },
      ...{ complete_ms: 600 * minuteMs, points },
    }
    const whole = judgeStream(due, settings, false, 1000)
    let cut = judgeStream({ ...due, complete_ms: 0, points: points.slice(0, 1) }, settings, false, 1)
    const findings = [...cut.findings]
    while (cut.lastMs < due.complete_ms) {
      const completeMs = Math.min(due.complete_ms, cut.lastMs + random.integer(1, 90) * minuteMs)
      const portion = points.filter(([timeMs]) => timeMs > cut.lastMs && timeMs <= completeMs)
      const state: unknown = JSON.parse(JSON.stringify(cut.state))
      cut = judgeStream(
        { ...due, state, last_ms: cut.lastMs, complete_ms: completeMs, points: portion },
        settings,
        false,
        1000,
      )
      findings.push(...cut.findings)
    }
    expect(whole.findings.length).toBeGreaterThan(0)
    expect(findings).toEqual(whole.findings)
    expect(cut.state).toEqual(whole.state)
  })
})

it('several executors at once: each point is seen once', { timeout: 60_000 }, async () => {
  const random = seededRandom()
  const fromMs = Date.now() - 400 * minuteMs
  const events = ['a', 'b', 'c', 'd'].flatMap((name) =>
    Array.from({ length: 300 }, (_, n) =>
      metric(name, n, breath(random, n) + (random.boolean(0.01) ? 500 : 0), fromMs),
    ),
  )
  await using alone = await createDatabase()
  await using shared = await createDatabase()
  for (const database of [alone, shared]) {
    await learnIn(database, 100)
    await queue(database, events)
    await run(database, 'analyze_security')
  }
  await run(alone, 'detect_anomaly')
  await Promise.all([1, 2, 3].map(() => run(shared, 'detect_anomaly')))
  const [together, apart] = [await remains(shared), await remains(alone)]
  expect(apart.findings.length).toBeGreaterThan(0)
  expect(together).toEqual(apart)
})

it('learns from the beginning where the stored state is not one', async () => {
  const random = seededRandom(9)
  await using database = await createDatabase()
  const fromMs = Date.now() - 100 * minuteMs
  const events = Array.from({ length: 20 }, (_, n) => metric('m', n, breath(random, n), fromMs))
  await queue(database, events.slice(0, 10))
  await run(database, 'analyze_security')
  await run(database, 'detect_anomaly')
  await adminQuery(database.url, `update security.streams set state = '{"version": 999}'`)
  await queue(database, events.slice(10))
  await run(database, 'analyze_security')
  await run(database, 'detect_anomaly')
  const streams = await adminQuery(
    database.url,
    `select (state ->> 'points')::int as seen, points::int, learning from security.streams`,
  )
  expect(streams).toEqual([{ seen: 10, points: 19, learning: true }])
})

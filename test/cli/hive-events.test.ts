import { expect, test } from 'vitest'
import security from '../../bees/security/bee.ts'
import type { Json } from '../../src/canonical.ts'
import { createHiveEvents } from '../../src/cli/security/hive-events.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { silentLog } from '../../src/telemetry/index.ts'
import { adminQuery, createDatabase, until } from '../support/index.ts'
import { runTask } from '../support/run-task.ts'

const env = { SECURITY_PSEUDONYM_KEY: '1b'.repeat(32) }
const notice = {
  what: 'webhook_refused',
  where: '/webhooks/stripe',
  code: 'BEE_WEBHOOK_SIGNATURE',
  status: 400,
  peer: '203.0.113.8',
} as const

test('what the hive notices becomes events that rules understand', async () => {
  await using database = await createDatabase()
  const hive = createHiveEvents({
    record: (items) => runTask(security, 'record_events', { tenant: 'default', items }, { database, env }),
    ...{ clock: systemClock, log: silentLog, waitMs: 1 },
  })
  hive.notify(notice)
  hive.notify({ what: 'envelope_refused', where: 'finance/apply_stripe_event', code: 'BEE_ENVELOPE_REPLAYED' })
  hive.notify({
    what: 'events_refused',
    where: '/events',
    code: 'BEE_EVENTS_SECRET',
    status: 401,
    peer: '::ffff:198.51.100.1',
  })
  hive.notify({ what: 'rate_limited', where: '/events', code: 'BEE_EVENTS_RATE', status: 429 })
  const stored = () =>
    adminQuery(
      database.url,
      `select action, error_code, status_id, resource, host(src_ip) as ip, source from security.events order by id`,
    )
  await until(async () => (await stored()).length === 4, { what: 'four events', timeoutMs: 15_000 })
  await hive.stop()
  const common = { status_id: 2, source: 'hive' }
  expect(await stored()).toEqual([
    {
      ...common,
      action: 'webhook_delivery',
      error_code: 'bad_signature',
      resource: '/webhooks/stripe',
      ip: '203.0.113.8',
    },
    {
      ...common,
      action: 'envelope_refused',
      error_code: 'envelope_replayed',
      resource: 'finance/apply_stripe_event',
      ip: null,
    },
    { ...common, action: 'api_key_use', error_code: 'bad_secret', resource: '/events', ip: '198.51.100.1' },
    { ...common, action: 'http_request', error_code: 'rate_limited', resource: '/events', ip: null },
  ])
})

test('a flood is bounded and counted, and whoever notices waits for nothing and gets no error', async () => {
  const batches: (readonly Json[])[] = []
  const hive = createHiveEvents({
    record: async (items) => void batches.push(items),
    ...{ clock: systemClock, log: silentLog, waitMs: 1, perSecond: 10 },
  })
  const began = performance.now()
  for (let n = 0; n < 20_000; n += 1) hive.notify(notice)
  expect(performance.now() - began).toBeLessThan(1000)
  await until(() => batches.flat().length >= 50, { what: 'the first fifty' })
  let later = 0
  await until(
    () => {
      hive.notify(notice)
      later += 1
      return batches.flat().length > 52
    },
    { what: 'places that come back' },
  )
  await hive.stop()
  hive.notify(notice)
  const items = batches.flat() as readonly { readonly data?: { readonly suppressed?: number } }[]
  expect(items.length).toBeLessThan(150)
  const suppressed = items.reduce((sum, { data }) => sum + (data?.suppressed ?? 0), 0)
  // What was left out after the last event is told by none.
  expect(items.length + suppressed).toBeLessThanOrEqual(20_000 + later)
  expect(items.length + suppressed).toBeGreaterThanOrEqual(20_000)
})

test('without a database nothing is lost below the bound, nothing grows above it, nothing is thrown', async () => {
  let away = true
  let tries = 0
  const kept = new Set<string>()
  const hive = createHiveEvents({
    record: async (items) => {
      tries += 1
      if (away) throw new Error('away')
      for (const item of items) kept.add((item as { id: string }).id)
    },
    ...{ clock: systemClock, log: silentLog, waitMs: 1, perSecond: 1000 },
  })
  for (let n = 0; n < 3000; n += 1) hive.notify(notice)
  await until(() => tries > 0, { what: 'a try that fails' })
  away = false
  await hive.stop()
  expect(kept.size).toBe(500)
  hive.notify(notice)
  expect(kept.size).toBe(500)
})

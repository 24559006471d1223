import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDataDir, type HiveProcess, removeDataDir, startHiveProcess } from '../../../support/hive.ts'
import { adminQuery, freePort, seededRandom, until } from '../../../support/index.ts'
import { beginOf, signIns } from './scene.ts'

const total = 3000
const batch = 100
const kills = 3

let dataDir: string
let port: number
let hive: HiveProcess

const start = () => startHiveProcess({ dataDir, env: { BEES_PORT: String(port), BEES_SCHEDULES: undefined } })

beforeAll(async () => {
  dataDir = await freshDataDir()
  port = await freePort()
  hive = await start()
})
afterAll(async () => {
  await hive?.close()
  await removeDataDir(dataDir)
})

const rows = (sql: string) => adminQuery(hive.env.DATABASE_URL ?? '', sql)
const consumed = async () =>
  Number(
    (await rows(`select coalesce(sum(events), 0)::int as n from security.versions where tenant = 'default'`))[0]?.['n'],
  )

it(`${total} events through POST /events, ${kills} times kill -9: each counts once`, { timeout: 180_000 }, async () => {
  const random = seededRandom()
  console.info(`seed: TEST_SEED=${random.seed}`)
  const events = signIns(random, 'default', total, beginOf(Date.now())).map(
    ({ id, time, action, status_id, user_uid, src_ip }) => ({
      ...{ id, time: new Date(time).toISOString(), action, status: status_id === 1 ? 'success' : 'failure' },
      ...{ user_uid, ip: src_ip },
    }),
  )
  let sent = 0
  const giveUp = new AbortController()
  const post = async (items: readonly unknown[]): Promise<boolean> => {
    const secret = hive.env.SECURITY_EVENTS_SECRETS ?? ''
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const body = JSON.stringify(items)
    const signal = AbortSignal.timeout(10_000)
    const reply = await fetch(`${hive.url}/events`, { method: 'POST', headers, body, signal }).catch(() => undefined)
    const said = (await reply?.json().catch(() => undefined)) as { readonly refused?: number } | undefined
    if (reply?.status === 200) expect(said).toMatchObject({ refused: 0 })
    return reply?.status === 200
  }
  const sender = (async () => {
    for (let from = 0; from < total; from += batch) {
      while (!(await post(events.slice(from, from + batch)))) {
        // Not waiting for a state: this is the sender's own pause before it sends all of it again.
        await sleep(random.integer(50, 300), undefined, { signal: giveUp.signal })
      }
      sent += batch
    }
  })()
  sender.catch(() => undefined)
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const at = Math.round(((kill + random.next()) / kills) * (total - 600)) + 100
      await until(async () => (await consumed()) >= at, { timeoutMs: 60_000, intervalMs: 5, what: `event ${at}` })
      await hive.kill9()
      const dead = hive
      hive = await start()
      await dead.close()
      console.info(`kill ${kill + 1}: ${sent} sent, ${await consumed()} analysed`)
    }
    await until(() => sent === total, { timeoutMs: 60_000, what: 'every event taken' })
  } finally {
    giveUp.abort()
  }
  await sender
  const waiting = async () => Number((await rows('select count(*)::int as n from security.inbox'))[0]?.['n'])
  await until(async () => (await waiting()) === 0, { timeoutMs: 60_000, what: 'every event analysed' })
  // The hive's own events are of the same tenant; logins are ours alone.
  const counted = `
    select sum(value)::int as n from (
      select value from security.points where stream in ('logins', 'login_failures')
    ) as p`
  const kept = await rows(`select count(*)::int as n from security.events where action = 'login'`)
  expect(kept).toEqual([{ n: total }])
  const [{ n: points } = { n: 0 }] = await rows(counted)
  const seen = await rows(`select coalesce(sum(points), 0)::int as n from security.streams`)
  // Detectors may have begun to take points away; without that every login is in exactly one minute.
  if (Number(seen[0]?.['n']) === 0) expect(Number(points)).toBe(total)
  expect(await rows('select reason from security.set_aside')).toEqual([])
  const twice = `
    select dedup, count(*) from (
      select tenant || rule || entity_id || (finding ->> 'firstMs') as dedup from security.findings
    ) as f group by dedup having count(*) > 1`
  expect(await rows(twice)).toEqual([])
  expect((await rows('select count(*)::int as n from security.findings'))[0]?.['n']).toBeGreaterThan(3)
})

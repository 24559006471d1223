import { expect, test } from 'vitest'
import { freshDataDir, type HiveProcess, removeDataDir, startHiveProcess } from '../../support/hive.ts'
import { adminQuery, until } from '../../support/index.ts'

const item = (id: string) => ({
  id,
  time: Date.now() - 1000,
  action: 'login',
  status: 'failure',
  src_ip: '203.0.113.7',
})

const post = (hive: HiveProcess, items: unknown, secret = hive.env['SECURITY_EVENTS_SECRETS'] ?? '') =>
  fetch(`${hive.url}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify(items),
    signal: AbortSignal.timeout(20_000),
  })

const rows = (hive: HiveProcess, sql: string) => adminQuery(hive.env['DATABASE_URL'] ?? '', sql)

test('a whole hive: taken, analysed at once without a schedule, its own doors watched; killed in the middle of a post, once', {
  timeout: 180_000,
}, async () => {
  const dataDir = await freshDataDir()
  let hive = await startHiveProcess({ dataDir })
  try {
    const answer = await post(hive, [item('whole-1'), item('whole-2')])
    expect([answer.status, await answer.json()]).toMatchObject([200, { accepted: 2 }])
    // Schedules are off: that somebody consumed them shows that the post itself asked for it.
    await until(
      async () => (await rows(hive, "select from security.inbox where event ->> 'id' like 'whole-%'")).length === 0,
      { timeoutMs: 20_000, what: 'the analysis' },
    )

    expect((await post(hive, [item('forged')], 'evt_forged_forged_forged')).status).toBe(401)
    await fetch(`${hive.url}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'stripe-signature': 't=1,v1=00' },
      body: '{}',
    })
    await until(
      async () => (await rows(hive, "select distinct action from security.events where source = 'hive'")).length === 2,
      { timeoutMs: 20_000, what: 'events of the hive itself' },
    )
    expect(await rows(hive, "select from security.events where id = 'forged'")).toEqual([])

    const batches = Array.from({ length: 6 }, (_, batch) =>
      Array.from({ length: 400 }, (_, n) => item(`cut-${batch}-${n}`)),
    )
    const posts = batches.map((items) => post(hive, items).catch(() => undefined))
    await until(
      async () => (await rows(hive, "select from security.event_ids where id like 'cut-%' limit 1")).length > 0,
      {
        intervalMs: 1,
        what: 'the first of them',
      },
    )
    await hive.kill9()
    await Promise.all(posts)
    await hive.close()

    hive = await startHiveProcess({ dataDir })
    for (const items of batches) expect((await post(hive, items)).status).toBe(200)
    expect(
      await rows(
        hive,
        "select count(*)::int as n, count(distinct id)::int as ids from security.events where id like 'cut-%'",
      ),
    ).toEqual([{ n: 2400, ids: 2400 }])
    const secret = hive.env['SECURITY_EVENTS_SECRETS'] ?? 'none'
    expect(hive.logs().includes(secret)).toBe(false)
  } finally {
    await hive.close()
    await removeDataDir(dataDir)
  }
})

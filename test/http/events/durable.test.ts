import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminQuery, until } from '../../support/index.ts'
import { login, openDoor, secret } from './door.ts'

let door: Awaited<ReturnType<typeof openDoor>>
beforeAll(async () => {
  door = await openDoor({ maxBytes: 200_000, maxInflatedBytes: 400_000, maxItems: 1200, wrongPerMinute: 1000 })
})
afterAll(() => door.close())

const idsLike = async (prefix: string) =>
  (
    await adminQuery(door.database.url, 'select id from security.events where tenant = $1 and id like $2 order by id', [
      'default',
      `${prefix}%`,
    ])
  ).map(({ id }) => id)

describe('durable, and once', () => {
  test('the analysis is asked for after the commit, and only when there is something new', async () => {
    door.told.length = 0
    await door.post([login('t-1')])
    expect(door.told).toEqual(['default'])
    await door.post([login('t-1')])
    await door.post([{ nothing: true }])
    // The second batch is the same transaction and says what it said; no harm in another look.
    expect(door.told.length).toBeLessThanOrEqual(2)
  })

  test('an answer that is lost after the commit: sent again, counted once', async () => {
    await using shaky = await openDoor()
    const body = Array.from({ length: 700 }, (_, index) => login(`l-${index}`))
    for (const kind of ['drop_reply_after_commit', 'reset_before_commit', 'html_502', 'unavailable_503'] as const) {
      shaky.gateway.faults.clear()
      shaky.gateway.faults.add({ kind, times: 1 })
      const answers = [await shaky.post(body)]
      while (answers.at(-1)?.status !== 200 && answers.length < 5) answers.push(await shaky.post(body))
      expect(answers.at(-1)?.body).toMatchObject({ status: 'recorded', refused: 0 })
    }
    const [count] = await adminQuery(
      shaky.database.url,
      'select count(*)::int as events, (select count(*)::int from security.inbox) as inbox from security.events',
    )
    expect(count).toEqual({ events: 700, inbox: 700 })
  })

  test('a connection that is cut during the post, then a repeat: once', async () => {
    const body = JSON.stringify(Array.from({ length: 300 }, (_, index) => login(`c-${index}`)))
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const socket = connect(door.port, '127.0.0.1')
      socket.write(
        `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: ${body.length}\r\n\r\n`,
      )
      await new Promise<void>((resolve) => socket.write(body, () => resolve()))
      socket.destroy()
    }
    const { status } = await door.post(body)
    expect(status).toBe(200)
    await until(async () => (await idsLike('c-')).length === 300, { what: '300 events' })
    const [inbox] = await adminQuery(
      door.database.url,
      "select count(*)::int as n from security.inbox where event ->> 'id' like 'c-%'",
    )
    expect(inbox).toEqual({ n: 300 })
  })

  test('without the database: 503 with Retry-After, never 200; afterwards the same body is taken', async () => {
    await using shaky = await openDoor({ totalMs: 1500 })
    shaky.gateway.faults.add({ kind: 'unavailable_503', times: null, commits: false })
    const away = await shaky.post([login('d-1')])
    expect([away.status, away.body['status'], away.body['code']]).toEqual([
      503,
      'not_durable',
      'BEE_EVENTS_NOT_DURABLE',
    ])
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await adminQuery(shaky.database.url, 'select from security.event_ids')).toEqual([])
    shaky.gateway.faults.clear()
    await until(async () => (await shaky.post([login('d-1', { time: 'x' }), login('d-2')])).status === 200, {
      timeoutMs: 15_000,
      what: 'the database',
    })
    expect(await adminQuery(shaky.database.url, 'select id from security.event_ids')).toEqual([{ id: 'd-2' }])
  })

  test('many concurrent posts of overlapping batches: each event once', async () => {
    const bodies = Array.from({ length: 8 }, (_, shift) =>
      Array.from({ length: 100 }, (_, index) => login(`o-${(index + shift * 25) % 200}`)),
    )
    const answers = await Promise.all(bodies.map((body) => door.post(body)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(answers.reduce((sum, { body }) => sum + Number(body['accepted']), 0)).toBe(200)
    expect((await idsLike('o-')).length).toBe(200)
  })
})

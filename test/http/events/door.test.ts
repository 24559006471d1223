import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileItems } from '../../bees/security/events/hostile-items.ts'
import { adminQuery, seededRandom } from '../../support/index.ts'
import { login, openDoor, secret } from './door.ts'

let door: Awaited<ReturnType<typeof openDoor>>
beforeAll(async () => {
  door = await openDoor({ maxBytes: 200_000, maxInflatedBytes: 400_000, maxItems: 1200, wrongPerMinute: 1000 })
})
afterAll(() => door.close())

const idsLike = async (prefix: string, tenant = 'default') =>
  (
    await adminQuery(door.database.url, 'select id from security.events where tenant = $1 and id like $2 order by id', [
      tenant,
      `${prefix}%`,
    ])
  ).map(({ id }) => id)

describe('forms of a body', () => {
  test('a JSON array, a single object, NDJSON, packed or not', async () => {
    const line = (id: string) => JSON.stringify(login(id))
    const bodies: [unknown, object][] = [
      [[login('f-1'), login('f-2')], {}],
      [login('f-3'), {}],
      [`${line('f-4')}\n${line('f-5')}\r\n\n`, {}],
      [line('f-6'), { headers: { 'content-type': 'application/x-ndjson' } }],
      [[login('f-7')], { gzip: true }],
      // A sender that packs and does not say so, a proxy that unpacks and leaves the header.
      [[login('f-8')], { headers: { 'content-encoding': 'gzip' } }],
    ]
    for (const [body, options] of bodies) {
      expect(await door.post(body, options)).toMatchObject({ status: 200, body: { status: 'recorded', refused: 0 } })
    }
    expect(await idsLike('f-')).toEqual(['f-1', 'f-2', 'f-3', 'f-4', 'f-5', 'f-6', 'f-7', 'f-8'])
    expect((await door.post('')).body).toMatchObject({ status: 'recorded', accepted: 0 })
    expect((await door.post([])).body).toMatchObject({ status: 'recorded', accepted: 0 })
  })

  test('bad items are refused one by one with place and reason, the rest is kept', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`)
    const body = [
      login('m-0'),
      null,
      7,
      'text',
      [login('m-x')],
      login('m-5', { surprise: 'ada@users.example' }),
      login('m-6', { src_ip: '999.1.1.1' }),
      { hello: 'world' },
      login('m-8', { data: deep }),
      login('m-9', { data: { text: 'x'.repeat(70_000) } }),
      login('m-10', { time: 'yesterday' }),
      login('m-11', { resource: 'nul\u0000' }),
      login('m-12', { resource: '\ud800' }),
      login('m-13', { time: 0 }),
      login('m-14', { tenant: 'acme' }),
      login('m-15'),
    ]
    const { status, body: answer } = await door.post(body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ accepted: 2, refused: 14 })
    expect(
      (answer['refusals'] as { index: number; reason: string }[]).map(({ index, reason }) => [index, reason]),
    ).toEqual([
      ...[1, 2, 3, 4].map((index) => [index, 'not_an_object']),
      [5, 'unknown_field'],
      [6, 'bad_field'],
      [7, 'unknown_format'],
      [8, 'too_large'],
      [9, 'too_large'],
      [10, 'unreadable_time'],
      [11, 'unsafe_json'],
      [12, 'unsafe_json'],
      [13, 'too_old'],
      [14, 'other_tenant'],
    ])
    expect(JSON.stringify(answer)).not.toMatch(/ada@|surprise|yesterday|hello/)
    expect(await idsLike('m-')).toEqual(['m-0', 'm-15'])
  })

  test('a broken line of NDJSON is refused alone', async () => {
    const body = `${JSON.stringify(login('n-1'))}\n{"id": "n-2", \n${JSON.stringify(login('n-3'))}`
    const { body: answer } = await door.post(body)
    expect(answer).toMatchObject({ accepted: 2, refused: 1, refusals: [{ index: 1, reason: 'not_json' }] })
  })

  test('what is no JSON at all, not UTF-8 or broken gzip is refused as a whole', async () => {
    const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
      fetch(`${door.url}/events`, { method: 'POST', headers: { 'x-events-secret': secret, ...headers }, body })
    for (const body of [
      '[{"id":1',
      'ada@users.example',
      new Uint8Array([0x5b, 0xff, 0x5d]),
      gzipSync('[]').subarray(0, 12),
    ]) {
      const response = await send(body)
      const text = await response.text()
      expect([response.status, JSON.parse(text).code]).toEqual([400, 'BEE_EVENTS_MALFORMED'])
      expect(text).not.toContain('ada@')
    }
    expect((await send('[]', { 'content-encoding': 'br' })).status).toBe(400)
    expect((await fetch(`${door.url}/events`)).status).toBe(405)
  })

  test('own members only: __proto__, constructor and the like are data of nobody', async () => {
    const body = `[{"__proto__":{"action":"login","time":1},"id":"p-1"},
      {"id":"p-2","time":${Date.now()},"action":"login","__proto__":{"is_admin":true}},
      {"id":"p-3","time":${Date.now()},"action":"login","data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}},
      {"event_message":"x","timestamp":${Date.now()},"metadata":[{"__proto__":{"request":{"path":"/"},"response":{}}}]},
      {"id":"p-5","time":${Date.now()},"action":"login"}]`
    const { status, body: answer } = await door.post(body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ accepted: 1, ignored: 0, refused: 4 })
    expect((answer['refusals'] as { reason: string }[]).map(({ reason }) => reason)).toEqual(
      Array(4).fill('unsafe_json'),
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(await idsLike('p-')).toEqual(['p-5'])
  })
})

test('hostile items, thousands of them: all are accounted for, and what is accepted is stored', async () => {
  const random = seededRandom()
  await using other = await openDoor()
  for (let round = 0; round < 4; round += 1) {
    const items = hostileItems(random, 700)
    const { status, body } = await other.post(items)
    expect(status).toBe(200)
    const of = (name: string) => Number(body[name])
    expect(of('accepted') + of('duplicates') + of('ignored') + of('refused')).toBe(items.length)
    expect(of('accepted')).toBeGreaterThan(50)
  }
  const [stored] = await adminQuery(
    other.database.url,
    'select count(*)::int as n from security.events as e join security.inbox as i on i.tenant = e.tenant and i.event ->> $1 = e.id',
    ['id'],
  )
  expect(Number(stored?.['n'])).toBeGreaterThan(200)
})

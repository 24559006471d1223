import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminQuery } from '../../support/index.ts'
import { login, openDoor, otherSecret, secret } from './door.ts'

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

describe('limits', () => {
  test('size as sent, size unpacked, and number of items', async () => {
    const tooBig = await door.post([login('big', { data: { text: 'x'.repeat(210_000) } })])
    expect([tooBig.status, tooBig.body['code']]).toEqual([413, 'BEE_EVENTS_TOO_LARGE'])
    const bomb = gzipSync(`[${' '.repeat(100_000_000)}]`)
    expect(bomb.length).toBeLessThan(150_000)
    const before = process.memoryUsage().rss
    const response = await fetch(`${door.url}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-encoding': 'gzip' },
      body: bomb,
    })
    expect(response.status).toBe(413)
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
    const many = await door.post(Array.from({ length: 1201 }, () => 1))
    expect([many.status, many.body['code']]).toEqual([413, 'BEE_EVENTS_TOO_LARGE'])
  })

  test('a sender who stops in the middle is cut off and costs nothing', async () => {
    const slow = await openDoor({ totalMs: 400 })
    try {
      const socket = connect(slow.port, '127.0.0.1')
      socket.write(
        `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: 5000\r\n\r\n[{"id":"slow"`,
      )
      const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
      expect(answer).toMatch(/^HTTP\/1.1 (408|503)/)
      socket.destroy()
    } finally {
      await slow.close()
    }
  })

  test('too many requests of one secret are told when to come again; another secret is not touched', async () => {
    await using busy = await openDoor({ perSecond: 1 })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => busy.post([login(`r-${index}`)])))
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThanOrEqual(5)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4)
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const other = await busy.post([login('r-other')], { headers: { authorization: `Bearer ${otherSecret}` } })
    expect(other.status).toBe(200)
    expect(busy.notices).toContainEqual(
      expect.objectContaining({ what: 'rate_limited', where: '/events', status: 429 }),
    )
  })
})

describe('secrets', () => {
  test('decide whose events they are; either header will do', async () => {
    await door.post([login('s-1')])
    await door.post([login('s-2')], { headers: { authorization: '', 'x-events-secret': otherSecret } })
    expect([await idsLike('s-'), await idsLike('s-', 'acme')]).toEqual([['s-1'], ['s-2']])
  })

  test('forged ones are refused before the body is read, whatever is wrong with them', async () => {
    const forged = [
      '',
      'x',
      secret.slice(0, -1),
      `${secret}x`,
      secret.toUpperCase(),
      `${secret},${otherSecret}`,
      '\u00e9',
    ]
    for (const attempt of forged) {
      const { status, body } = await door.post('not even JSON', { headers: { authorization: `Bearer ${attempt}` } })
      expect([status, body['code']]).toEqual([401, 'BEE_EVENTS_SECRET'])
      expect(JSON.stringify(body)).not.toContain(secret)
    }
    const basic = await door.post([login('s-9')], { headers: { authorization: `Basic ${btoa(secret)}` } })
    expect(basic.status).toBe(401)
    expect(await idsLike('s-9')).toEqual([])
    expect(door.notices).toContainEqual(expect.objectContaining({ what: 'events_refused', peer: '127.0.0.1' }))
  })

  test('whoever guesses is slowed down by address, and senders with a secret are not', async () => {
    await using guarded = await openDoor({ wrongPerMinute: 5 })
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        // A claimed address buys nothing: the front writes down who is connected.
        guarded.post([], { headers: { authorization: `Bearer guess-${index}`, 'x-bees-peer': `192.0.2.${index}` } }),
      ),
    )
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(7)
    expect((await guarded.post([login('g')])).status).toBe(200)
  })

  test('how long a refusal takes does not depend on how much of the secret was right', async () => {
    const { senderFinder } = await import('../../../src/http/events/find-sender.ts')
    const find = senderFinder([{ tenant: 'default', secret, mandate: { drain: true } }])
    const near = new Headers({ authorization: `Bearer ${secret.slice(0, -1)}z` })
    const far = new Headers({ authorization: `Bearer ${'z'.repeat(secret.length)}` })
    const rounds = 4000
    const time = (headers: Headers) => {
      const began = performance.now()
      for (let round = 0; round < rounds; round += 1) find(headers)
      return performance.now() - began
    }
    time(near)
    time(far)
    const ratios = Array.from({ length: 15 }, () => time(near) / time(far)).sort((a, b) => a - b)
    const middle = ratios[7] ?? 0
    expect(middle).toBeGreaterThan(0.7)
    expect(middle).toBeLessThan(1.4)
  })
})

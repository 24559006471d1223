import { describe, expect, test } from 'vitest'
import { answerOf, eventOf, harness, secret, signatureOf, url } from './harness.ts'

const other = 'whsec_other_fedcba9876543210'

describe('signature', () => {
  test('a good one is handed to the broker', async () => {
    const hive = harness()
    expect(await answerOf(await hive.handle(hive.post(eventOf())))).toEqual([
      200,
      { status: 'queued', process: 'a'.repeat(64) },
    ])
    expect(hive.submitted).toHaveLength(1)
  })

  const refused: [string, (hive: ReturnType<typeof harness>, body: string) => string][] = [
    ['made with another secret', (hive, body) => signatureOf(body, { secret: other, timestamp: hive.nowS() })],
    ['over another body', (hive, body) => signatureOf(`${body} `, { timestamp: hive.nowS() })],
    ['older than the tolerance', (hive, body) => signatureOf(body, { timestamp: hive.nowS() - 301 })],
    ['61 s in the future', (hive, body) => signatureOf(body, { timestamp: hive.nowS() + 61 })],
    ['a year in the future', (hive, body) => signatureOf(body, { timestamp: hive.nowS() + 31_536_000 })],
    ['that is missing', () => ''],
    ['without a time', (hive, body) => signatureOf(body, { timestamp: hive.nowS() }).replace(/^t=\d+,/, '')],
    ['with two times', (hive, body) => `t=${hive.nowS()},${signatureOf(body, { timestamp: hive.nowS() - 900 })}`],
    ['of a stale time behind a fresh one', (hive, body) => `${signatureOf(body, { timestamp: 1 })},t=${hive.nowS()}`],
    [
      'with a time that only starts as a number',
      (hive, body) => signatureOf(body, { timestamp: hive.nowS() }).replace(',', 'x,'),
    ],
    ['with scheme v0 only', (hive, body) => signatureOf(body, { timestamp: hive.nowS() }).replace('v1=', 'v0=')],
    ['with an empty v1', (hive) => `t=${hive.nowS()},v1=`],
    ['that is no header at all', () => 'not a signature'],
  ]
  test.each(refused)('one %s is refused', async (_, sign) => {
    const hive = harness()
    const body = JSON.stringify(eventOf())
    const [status, answer] = await answerOf(await hive.handle(hive.post(body, sign(hive, body))))
    expect([status, answer['code']]).toEqual([400, 'BEE_WEBHOOK_SIGNATURE'])
    expect([hive.submitted, hive.applied, hive.buried]).toEqual([[], [], []])
  })

  test('at the edges of both tolerances is accepted', async () => {
    const hive = harness()
    const body = JSON.stringify(eventOf())
    for (const timestamp of [hive.nowS() - 300, hive.nowS() + 60]) {
      expect((await hive.handle(hive.post(body, signatureOf(body, { timestamp })))).status).toBe(200)
    }
  })

  test('while a secret is rolled either secret and either of several v1 will do', async () => {
    const hive = harness({ secrets: [secret, other] })
    const body = JSON.stringify(eventOf())
    const timestamp = hive.nowS()
    const byOther = signatureOf(body, { secret: other, timestamp })
    const byUnknown = signatureOf(body, { secret: 'whsec_unknown', timestamp })
    const v1Of = (header: string) => header.slice(header.indexOf('v1='))
    for (const header of [byOther, `${byUnknown},${v1Of(byOther)}`, `${byOther},${v1Of(byUnknown)}`]) {
      expect((await hive.handle(hive.post(body, header))).status).toBe(200)
    }
    expect((await hive.handle(hive.post(body, byUnknown))).status).toBe(400)
  })

  test('options that would switch checks off are refused at creation', () => {
    expect(() => harness({ secrets: [] })).toThrow(/at least one webhook secret/)
    expect(() => harness({ secrets: [' '] })).toThrow(/blank/)
    expect(() => harness({ toleranceS: 0 })).toThrow(/toleranceS/)
    expect(() => harness({ futureToleranceS: Number.NaN })).toThrow(/futureToleranceS/)
  })
})

describe('body', () => {
  const deep = `{"id":"evt_1","object":"event","type":"invoice.paid","created":1,"livemode":false,"data":{"object":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}}`
  const malformed: [string, string, string][] = [
    ['text that is not JSON', 'secret@example.org says hello', 'BEE_WEBHOOK_MALFORMED'],
    ['an empty body', '', 'BEE_WEBHOOK_SIGNATURE'],
    ['an array', JSON.stringify([eventOf()]), 'BEE_WEBHOOK_MALFORMED'],
    ['null', 'null', 'BEE_WEBHOOK_MALFORMED'],
    ['a number', '42', 'BEE_WEBHOOK_MALFORMED'],
    ['another object', JSON.stringify(eventOf({ object: 'invoice' })), 'BEE_WEBHOOK_MALFORMED'],
    ['an event without data', JSON.stringify(eventOf({ data: undefined })), 'BEE_WEBHOOK_MALFORMED'],
    ['an event with a list as object', JSON.stringify(eventOf({ data: { object: [] } })), 'BEE_WEBHOOK_MALFORMED'],
    ['a time with a fraction', JSON.stringify(eventOf({ created: 1.5 })), 'BEE_WEBHOOK_MALFORMED'],
    ['livemode as text', JSON.stringify(eventOf({ livemode: 'false' })), 'BEE_WEBHOOK_MALFORMED'],
    ['an id that would forge a key', JSON.stringify(eventOf({ id: 'evt_1:x' })), 'BEE_WEBHOOK_MALFORMED'],
    ['an account that would forge a key', JSON.stringify(eventOf({ account: 'self' })), 'BEE_WEBHOOK_MALFORMED'],
    ['twenty thousand levels', deep, 'BEE_WEBHOOK_MALFORMED'],
  ]
  test.each(malformed)('%s, well signed, is refused', async (_, body, code) => {
    const hive = harness()
    const [status, answer] = await answerOf(await hive.handle(hive.post(body)))
    expect([status, answer['code']]).toEqual([400, code])
    expect(hive.submitted).toHaveLength(0)
    expect(JSON.stringify([answer, hive.logged])).not.toContain('secret@example.org')
  })

  test('bytes that are not UTF-8 are refused', async () => {
    const hive = harness()
    const headers = { 'stripe-signature': `t=${hive.nowS()},v1=${'0'.repeat(64)}` }
    const request = new Request(url, { method: 'POST', body: new Uint8Array([0x7b, 0xff, 0x7d]), headers })
    expect((await answerOf(await hive.handle(request)))[1]['code']).toBe('BEE_WEBHOOK_MALFORMED')
  })

  test('a declared size above the limit is refused before anything is read', async () => {
    const hive = harness({ maxBytes: 1000 })
    let pulled = 0
    const body = new ReadableStream(
      { pull: (stream) => stream.enqueue(new Uint8Array(100 + pulled++)) },
      { highWaterMark: 0 },
    )
    const request = new Request(url, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-length': '1001' },
    } as RequestInit)
    const [status, answer] = await answerOf(await hive.handle(request))
    expect([status, answer['code'], pulled]).toEqual([413, 'BEE_WEBHOOK_TOO_LARGE', 0])
  })

  test('an endless body without a declared size is read up to the limit and then let go of', async () => {
    const hive = harness({ maxBytes: 1000 })
    let sent = 0
    let cancelled = false
    const body = new ReadableStream(
      {
        pull(stream) {
          sent += 100
          stream.enqueue(new Uint8Array(100))
        },
        cancel() {
          cancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    const request = new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    const [status, answer] = await answerOf(await hive.handle(request))
    expect([status, answer['code']]).toEqual([413, 'BEE_WEBHOOK_TOO_LARGE'])
    expect(sent).toBeLessThanOrEqual(1200)
    expect(cancelled).toBe(true)
  })

  test('a body of exactly the limit is accepted', async () => {
    const body = JSON.stringify(eventOf())
    const hive = harness({ maxBytes: Buffer.byteLength(body) })
    expect((await hive.handle(hive.post(body))).status).toBe(200)
  })

  test('a sender that stops in the middle is cut off at the deadline', async () => {
    const hive = harness()
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"id":')) })
    const answer = hive.handle(new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit))
    await hive.clock.advance(3000)
    const response = await answer
    expect([response.status, response.headers.get('connection')]).toEqual([408, 'close'])
    expect((await answerOf(response))[1]['code']).toBe('BEE_WEBHOOK_SLOW')
  })

  test('a body that breaks off is no event', async () => {
    const hive = harness()
    const body = new ReadableStream({ pull: (stream) => stream.error(new Error('reset by canary@example.org')) })
    const response = await hive.handle(new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit))
    expect(response.status).toBe(408)
    expect(JSON.stringify([await response.json(), hive.logged])).not.toContain('canary')
  })
})

describe('envelope', () => {
  test.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
    const response = await harness().handle(new Request(url, { method }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await answerOf(response))[1]['code']).toBe('BEE_WEBHOOK_METHOD')
  })

  test.each([
    [true, false],
    [false, true],
  ])('a hive with livemode %s refuses an event with livemode %s', async (livemode, sent) => {
    const hive = harness({ livemode })
    const [status, answer] = await answerOf(await hive.handle(hive.post(eventOf({ livemode: sent }))))
    expect([status, answer['code']]).toEqual([400, 'BEE_WEBHOOK_LIVEMODE'])
  })

  test('a hive for any mode takes both', async () => {
    const hive = harness({ livemode: 'any' })
    for (const livemode of [true, false]) {
      expect((await hive.handle(hive.post(eventOf({ livemode })))).status).toBe(200)
    }
  })

  test.each([
    ['own', undefined, 200],
    ['own', 'acct_1', 400],
    [['acct_1'], 'acct_1', 200],
    [['acct_1'], 'acct_2', 400],
    [['acct_1'], undefined, 400],
    [['own', 'acct_1'], undefined, 200],
    [['own', 'acct_1'], 'acct_1', 200],
    [['own'], 'acct_1', 400],
    ['any', 'acct_2', 200],
  ] as const)('accounts %j and an event of %s: %i', async (accounts, account, expected) => {
    const hive = harness({ accounts })
    const [status, answer] = await answerOf(await hive.handle(hive.post(eventOf({ account }))))
    expect([status, answer['code']]).toEqual([expected, expected === 200 ? undefined : 'BEE_WEBHOOK_ACCOUNT'])
  })

  test('a type that nobody handles is answered with 200 and goes nowhere', async () => {
    const hive = harness()
    const request = hive.post(eventOf({ type: 'invoice.upcoming' }))
    expect(await answerOf(await hive.handle(request))).toEqual([200, { status: 'ignored' }])
    expect([hive.submitted, hive.applied, hive.counted]).toEqual([[], [], ['ignored']])
  })
})

import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStripeWebhook, type StripeEventInput } from '../../../src/http/webhook/index.ts'
import { answerOf, eventOf, secret, snapshotIn } from './harness.ts'

const submitted: StripeEventInput[] = []
let server: ServerType
let port = 0

beforeAll(async () => {
  const fetch = createStripeWebhook({
    secrets: [secret],
    livemode: false,
    maxBytes: 100_000,
    budget: { bodyMs: 300 },
    submit: async (input) => {
      submitted.push(input)
      return { processId: 'd'.repeat(64) }
    },
    direct: () => Promise.reject(new Error('not expected')),
    deadLetter: () => Promise.reject(new Error('not expected')),
  })
  server = serve({ fetch, hostname: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(async () => {
  server.close()
  await once(server, 'close')
})

const headersFor = (payload: string) => ({
  'content-type': 'application/json; charset=utf-8',
  'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }),
})

const post = (body: string, headers: Record<string, string>, init: object = {}) =>
  fetch(`http://127.0.0.1:${port}/webhooks/stripe`, {
    method: 'POST',
    body,
    headers,
    signal: AbortSignal.timeout(10_000),
    ...init,
  })

test('a signed event with every kind of character arrives byte for byte', async () => {
  const object = { id: 'in_1', description: 'Ünïcödé 蜜蜂 🐝 "quoted" \\ \u2028', metadata: { ключ: '\u00e9' } }
  const body = JSON.stringify(eventOf({ data: { object } }))
  const response = await post(body, headersFor(body))
  expect([response.status, await response.json()]).toEqual([200, { status: 'queued', process: 'd'.repeat(64) }])
  expect(snapshotIn(submitted.at(-1)).data).toEqual({ object })
})

test('a forged event is refused', async () => {
  const body = JSON.stringify(eventOf())
  const response = await post(body.replace('1900', '1'), headersFor(body))
  expect(await answerOf(response)).toMatchObject([400, { code: 'BEE_WEBHOOK_SIGNATURE' }])
})

test('an oversize body is refused, declared or chunked', async () => {
  const body = 'x'.repeat(100_001)
  const declared = await post(body, headersFor(body))
  expect(await answerOf(declared)).toMatchObject([413, { code: 'BEE_WEBHOOK_TOO_LARGE' }])
  const stream = new Blob([body]).stream()
  const chunked = await post(body, headersFor(body), { body: stream, duplex: 'half' })
  expect(await answerOf(chunked)).toMatchObject([413, { code: 'BEE_WEBHOOK_TOO_LARGE' }])
})

test('a sender that stops in the middle is answered and cut off', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /webhooks/stripe HTTP/1.1\r\nhost: hive\r\ncontent-length: 5000\r\n\r\n{"id":')
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString('utf8')
  })
  await once(socket, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(answer).toContain('BEE_WEBHOOK_SLOW')
})

test('GET says what is allowed', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/stripe`, { signal: AbortSignal.timeout(10_000) })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  await response.body?.cancel()
})

import { expect, test } from 'vitest'
import { digestOf } from '../../../src/canonical.ts'
import { handledEventTypes } from '../../../src/http/webhook/index.ts'
import { eventOf, harness, signatureOf, snapshotIn, thinEventOf } from './harness.ts'

test('two deliveries of one event give one input and two labels', async () => {
  const hive = harness()
  const first = JSON.stringify(eventOf({ pending_webhooks: 2 }))
  const second = JSON.stringify(eventOf({ pending_webhooks: 1, request: null, future_member: 'x' }), null, 2)
  for (const [body, timestamp] of [
    [first, hive.nowS() - 20],
    [second, hive.nowS()],
  ] as const) {
    await hive.handle(hive.post(body, signatureOf(body, { timestamp })))
  }
  const [one, two] = hive.submitted
  expect(digestOf(one?.input)).toBe(digestOf(two?.input))
  expect(one?.label).toMatch(/^stripe:evt_1TfR3bKq0example0001:[0-9a-f]{16}$/)
  expect(one?.label).not.toBe(two?.label)
})

test('the same request twice, as a proxy repeats it, has the same label', async () => {
  const hive = harness()
  const body = JSON.stringify(eventOf())
  const header = signatureOf(body, { timestamp: hive.nowS() })
  for (let i = 0; i < 2; i += 1) await hive.handle(hive.post(body, header))
  expect(hive.submitted[0]?.label).toBe(hive.submitted[1]?.label)
})

test('another content under the same id has another digest', async () => {
  const hive = harness()
  await hive.handle(hive.post(eventOf()))
  await hive.handle(hive.post(eventOf({ data: { object: { id: 'in_other', object: 'invoice' } } })))
  expect(digestOf(hive.submitted[0]?.input)).not.toBe(digestOf(hive.submitted[1]?.input))
})

test('personal members are dropped, metadata and ids stay', async () => {
  const hive = harness()
  await hive.handle(hive.post(eventOf({ account: null })))
  const { event } = hive.submitted[0]?.input ?? {}
  expect(event).toEqual({
    id: 'evt_1TfR3bKq0example0001',
    type: 'invoice.paid',
    created: 1_767_225_600,
    livemode: false,
    api_version: '2026-10-28.endive',
    data: {
      object: {
        id: 'in_1TfR3bKq0example',
        object: 'invoice',
        amount_paid: 1900,
        customer: 'cus_T8example',
        metadata: { user_id: 'user-1' },
      },
    },
  })
})

test('personal members stay where they are asked for', async () => {
  const hive = harness({ personalData: 'keep' })
  await hive.handle(hive.post(eventOf()))
  expect(snapshotIn(hive.submitted[0]?.input).data).toEqual(eventOf()['data'])
})

test('text that no jsonb can hold is made harmless, and __proto__ is left out', async () => {
  const hive = harness()
  const object = `{"id":"in_1","metadata":{"a":"x\\u0000y","b":"\\ud800","__proto__":{"polluted":true}}}`
  const body = JSON.stringify(eventOf()).replace(/"data":.*$/, `"data":{"object":${object}}}`)
  expect((await hive.handle(hive.post(body))).status).toBe(200)
  const text = JSON.stringify(snapshotIn(hive.submitted[0]?.input).data)
  expect(text).toBe('{"object":{"id":"in_1","metadata":{"a":"x\uFFFDy","b":"\uFFFD"}}}')
  expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted')
})

test('secrets that Stripe puts into its objects are dropped', async () => {
  const hive = harness()
  const object = { id: 'pi_1', client_secret: 'pi_1_secret_canary', next_action: { url: 'https://canary' }, amount: 1 }
  await hive.handle(hive.post(eventOf({ type: 'payment_intent.requires_action', data: { object } })))
  expect(snapshotIn(hive.submitted[0]?.input).data).toEqual({ object: { id: 'pi_1', amount: 1 } })
})

test('every type of the default list is handed on, thin and as a snapshot', async () => {
  for (const type of handledEventTypes) {
    const hive = harness()
    await hive.handle(hive.post(eventOf({ type })))
    await hive.handle(hive.post(thinEventOf({ type: `v1.${type}` })))
    expect(hive.submitted.map(({ input }) => input.event.type)).toEqual([type, `v1.${type}`])
  }
})

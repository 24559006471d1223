import { describe, expect, test } from 'vitest'
import { digestOf } from '../../../src/canonical.ts'
import { answerOf, eventOf, harness, thinEventOf } from './harness.ts'

test('a thin event is handed on with what names it, and nothing else', async () => {
  const hive = harness()
  expect((await answerOf(await hive.handle(hive.post(thinEventOf()))))[1]['status']).toBe('queued')
  expect(hive.submitted[0]?.input).toEqual({
    event: {
      id: 'evt_65TfR3bKq0example0001',
      object: 'v2.core.event',
      type: 'v1.invoice.paid',
      created: '2026-01-01T00:00:00.123Z',
      livemode: false,
      snapshot_event: 'evt_1TfR3bKq0example0001',
      related_object: { id: 'in_1TfR3bKq0example', type: 'invoice' },
    },
  })
  expect(JSON.stringify([hive.submitted, hive.logged])).not.toContain('canary')
})

test('two deliveries of one thin event give one input', async () => {
  const hive = harness()
  await hive.handle(hive.post(thinEventOf({ context: null, reason: undefined })))
  await hive.handle(hive.post(thinEventOf({ changes: null, future_member: 'x' })))
  const [one, two] = hive.submitted
  expect(digestOf(one?.input)).toBe(digestOf(two?.input))
})

test('without a snapshot twin it is handed on all the same', async () => {
  const hive = harness()
  await hive.handle(hive.post(thinEventOf({ snapshot_event: null })))
  expect(hive.submitted[0]?.input.event).not.toHaveProperty('snapshot_event')
})

describe('refused', () => {
  test.each([
    ['an id that would forge a key', { id: 'evt_1:x' }],
    ['a twin that would forge a key', { snapshot_event: 'evt_1:x' }],
    ['a time in seconds', { created: 1_767_225_600 }],
    ['a time without its zone', { created: '2026-01-01T00:00:00' }],
    ['livemode as text', { livemode: 'false' }],
    ['a context that is no account', { context: 'self' }],
    ['a context with a path', { context: 'acct_1/acct_2' }],
    ['an account of the wrong kind', { context: { id: 'acct_1' } }],
    ['no object', { related_object: undefined }],
    ['an object without an id', { related_object: { type: 'invoice', url: '/v1/invoices' } }],
    ['an object whose id is a path', { related_object: { id: '../customers', type: 'invoice' } }],
    ['an object whose id is a query', { related_object: { id: 'in_1?expand[]=customer', type: 'invoice' } }],
    ['a type without a version', { type: 'invoice.paid' }],
  ])('%s', async (_, overrides) => {
    const hive = harness({ accounts: 'any', livemode: 'any' })
    const [status, answer] = await answerOf(await hive.handle(hive.post(thinEventOf(overrides))))
    expect([status, answer['code']]).toEqual([400, 'BEE_WEBHOOK_MALFORMED'])
    expect([hive.submitted, hive.applied]).toEqual([[], []])
  })

  test('the other mode', async () => {
    const hive = harness({ livemode: true })
    expect((await answerOf(await hive.handle(hive.post(thinEventOf()))))[1]['code']).toBe('BEE_WEBHOOK_LIVEMODE')
  })

  test.each([
    ['own', undefined, 200],
    ['own', 'acct_1', 400],
    [['acct_1'], 'acct_1', 200],
    [['acct_1'], undefined, 400],
    ['any', 'acct_2', 200],
  ] as const)('accounts %j and a thin event of %s: %i', async (accounts, context, expected) => {
    const hive = harness({ accounts })
    const response = await hive.handle(hive.post(thinEventOf({ context })))
    expect(response.status).toBe(expected)
    expect(hive.submitted.map(({ input }) => input.event.account)).toEqual(expected === 200 ? [context] : [])
  })
})

test.each([
  'v2.core.event_destination.ping',
  'v2.invoice.paid',
  'v1.invoice.upcoming',
  'v1.customer.subscription.past_due',
  'v1.balance.available',
])('%s, which nobody handles, is answered with 200 and goes nowhere', async (type) => {
  const hive = harness()
  const event = thinEventOf({ type, related_object: { type: 'something', url: '/v2/something' } })
  expect(await answerOf(await hive.handle(hive.post(event)))).toEqual([200, { status: 'ignored' }])
  expect(hive.submitted).toEqual([])
})

test('a thin event that claims to be a snapshot, and the other way round, is refused', async () => {
  const hive = harness()
  for (const event of [thinEventOf({ object: 'event' }), eventOf({ object: 'v2.core.event' })]) {
    expect((await answerOf(await hive.handle(hive.post(event))))[1]['code']).toBe('BEE_WEBHOOK_MALFORMED')
  }
})

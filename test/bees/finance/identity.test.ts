import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BeeError } from '../../../src/errors.ts'
import { createStripeWebhook, type Submit } from '../../../src/http/webhook/index.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { secret, signatureOf, url } from '../../http/webhook/harness.ts'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { chargeOf, checkoutOf, epochS, eventOf, invoiceOf, stripeId, subscriptionOf } from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

const paidOf = (amount: number, currency: string, id = stripeId('in')) =>
  invoiceOf({ id, customer: stripeId('cus'), amount_due: amount, currency })

describe('one event, one effect', () => {
  test('a duplicate under another process gets the stored result', async () => {
    const event = eventOf('invoice.paid', paidOf(1900, 'usd'))
    const first = await db.apply(event)
    const second = await db.apply(event)
    expect([first.outcome, second.outcome]).toEqual(['applied', 'replayed'])
    expect(second.output).toEqual(first.output)
    expect(await db.rows('select * from finance.events where id = $1', [event.id])).toHaveLength(1)
  })

  /** The webhook in front of the real task; what it does not get back from `submit` it applies directly. */
  const webhook = (submit: Submit) => {
    const outcomes: string[] = []
    const handle = createStripeWebhook({
      secrets: [secret],
      livemode: false,
      budget: { submitMs: 50 },
      submit,
      direct: async (input) => {
        const { outcome } = await db.run(input)
        outcomes.push(outcome)
        if (outcome === 'applied' || outcome === 'replayed') return { outcome }
        throw new BeeError('BEE_INPUT_MISMATCH')
      },
      deadLetter: async ({ code }) => void outcomes.push(code),
    })
    const deliver = async (sent: object) => {
      const body = JSON.stringify(sent)
      const header = signatureOf(body, { timestamp: Math.floor(systemClock.now() / 1000) })
      const response = await handle(new Request(url, { method: 'POST', body, headers: { 'stripe-signature': header } }))
      return response.status
    }
    return { outcomes, deliver }
  }

  test('redeliveries with other pending_webhooks are one effect, altered content is put aside', async () => {
    const event = eventOf('invoice.paid', paidOf(4200, 'eur'))
    const { deliver, outcomes } = webhook(() => Promise.reject(new Error('no broker here')))
    expect(await deliver({ ...event, pending_webhooks: 3 })).toBe(200)
    expect(await deliver({ ...event, pending_webhooks: 1, request: null })).toBe(200)
    const altered = { ...event, data: { object: { ...event.data.object, amount_paid: 1 } } }
    expect(await deliver(altered)).toBe(200)
    expect(outcomes).toEqual(['applied', 'replayed', 'input_mismatch', 'BEE_INPUT_MISMATCH'])
    const stored = await db.one('select amount_paid from finance.payments where last_event = $1', [event.id])
    expect(stored).toEqual({ amount_paid: '4200' })
  })

  test('a submit that timed out and did arrive has one effect together with the direct path', async () => {
    const event = eventOf('invoice.paid', paidOf(700, 'eur'))
    const queue: unknown[] = []
    const { deliver, outcomes } = webhook((input) => {
      queue.push(input)
      return new Promise(() => {})
    })
    expect(await deliver(event)).toBe(200)
    expect(outcomes).toEqual(['applied'])
    expect(queue).toHaveLength(1)
    expect((await db.run(queue[0])).outcome).toBe('replayed')
  })

  test('another content under the same id is a mismatch and changes nothing', async () => {
    const event = eventOf('invoice.paid', paidOf(1900, 'usd', stripeId('in')))
    await db.apply(event)
    const forged = { ...event, data: { object: { ...event.data.object, amount_paid: 1 } } }
    expect((await db.apply(forged)).outcome).toBe('input_mismatch')
    expect(await db.one('select amount_paid from finance.payments where last_event = $1', [event.id])).toEqual({
      amount_paid: '1900',
    })
  })

  test('an unknown type is stored as ignored and touches nothing', async () => {
    const event = eventOf('invoice.upcoming', { object: 'invoice', customer: 'cus_none' })
    const { output } = await db.apply(event)
    expect(output).toEqual({ event: event.id, state: 'ignored', waits_for: null, unparked: 0, entitlement: null })
    expect(await db.rows(`select * from finance.customers where id = 'cus_none'`)).toEqual([])
    expect(await db.one('select * from finance.events where id = $1', [event.id])).toMatchObject({
      state: 'ignored',
      type: 'invoice.upcoming',
      account: 'self',
      api_version: '2026-10-28.endive',
      created_at: new Date(epochS * 1000),
    })
  })

  test('accounts and modes never meet, even under the same ids', async () => {
    const [customer, sub, user] = [stripeId('cus'), stripeId('sub'), stripeId('user')]
    const tenants = [{}, { livemode: true }, { account: 'acct_1TgBeeA' }, { account: 'acct_1TgBeeA', livemode: true }]
    const id = stripeId('evt')
    for (const [index, tenant] of tenants.entries()) {
      const status = index === 2 ? 'unpaid' : 'active'
      const event = eventOf('customer.subscription.updated', subscriptionOf({ id: sub, customer, status }), {
        ...tenant,
        id,
      })
      expect((await db.apply(event)).outcome).toBe('applied')
      await db.apply(eventOf('checkout.session.completed', checkoutOf({ customer, user, subscription: sub }), tenant))
    }
    const found = await db.rows(
      'select account, livemode, entitled from finance.user_profiles where user_id = $1 order by 1, 2',
      [user],
    )
    expect(found).toEqual([
      { account: 'acct_1TgBeeA', livemode: false, entitled: false },
      { account: 'acct_1TgBeeA', livemode: true, entitled: true },
      { account: 'self', livemode: false, entitled: true },
      { account: 'self', livemode: true, entitled: true },
    ])
  })
})

describe('money', () => {
  test.each([
    ['jpy', 1200],
    ['kwd', 12_340],
    ['isk', 5000],
    ['ugx', 370_000],
    ['usd', Number.MAX_SAFE_INTEGER],
    ['usd', 0],
    ['usd', -1900],
  ])('%s %i is stored as Stripe sends it', async (currency, amount) => {
    const invoice = paidOf(amount, currency)
    await db.apply(eventOf('invoice.paid', invoice))
    expect(await db.one('select amount_paid, currency from finance.payments where id = $1', [invoice['id']])).toEqual({
      amount_paid: String(amount),
      currency,
    })
  })

  test('a full refund near 2^53 leaves exactly nothing', async () => {
    const amount = Number.MAX_SAFE_INTEGER
    const [customer, intent, id] = [stripeId('cus'), stripeId('pi'), stripeId('in')]
    await db.apply(eventOf('invoice.paid', invoiceOf({ id, customer, amount_due: amount, payment_intent: intent })))
    const charge = chargeOf({ id: stripeId('ch'), customer, amount, amount_refunded: amount, payment_intent: intent })
    await db.apply(eventOf('charge.refunded', charge))
    expect(await db.one('select amount_net from finance.payment_nets where id = $1', [id])).toEqual({ amount_net: '0' })
  })

  test('an amount beyond what JavaScript can hold is refused, not rounded', async () => {
    const event = eventOf('invoice.paid', paidOf(2 ** 53, 'usd'))
    await expect(db.apply(event)).rejects.toMatchObject({ code: 'BEE_HANDLER_REFUSED', failure: 'terminal' })
    expect(await db.rows('select * from finance.events where id = $1', [event.id])).toEqual([])
  })
})

test('no personal data in any table of the schema', async () => {
  const [{ names } = {}] = await db.rows(
    `select array_agg(format('%I.%I', table_schema, table_name)) as names from information_schema.tables
     where table_schema in ('finance', 'bees') and table_type = 'BASE TABLE'`,
  )
  await db.apply(
    eventOf('checkout.session.completed', checkoutOf({ customer: stripeId('cus'), user: 'u-canary-check' })),
  )
  for (const name of names as string[]) {
    expect(await db.rows(`select 1 from ${name} as t where t::text like '%canary.person%'`)).toEqual([])
  }
  expect((names as string[]).length).toBeGreaterThan(10)
})

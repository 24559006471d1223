import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../support/index.ts'
import { type FinanceDatabase, financeDatabase, stripeOf } from './finance-database.ts'
import { pureEntitlement } from './pure-entitlement.ts'
import {
  chargeOf,
  checkoutOf,
  dayS,
  disputeOf,
  epochS,
  eventOf,
  invoiceOf,
  type SentEvent,
  shapes,
  stripeId,
  subscriptionOf,
  thinOf,
} from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

/** What the two subscriptions go through. */
const statuses = [
  ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'past_due', 'active'],
  ['active', 'past_due', 'paused', 'unpaid', 'past_due', 'active', 'trialing', 'unpaid'],
] as const

test.each([1, 2, 3, 4, 5])('20 events of one customer at once, in any order, end right (seed %i)', async (seed) => {
  const random = seededRandom(seed)
  console.info(`seed ${seed}`)
  const [customer, user, charge, intent] = [stripeId('cus'), stripeId('user'), stripeId('ch'), stripeId('pi')]
  const subs = [stripeId('sub'), stripeId('sub')]
  const events: SentEvent[] = []
  for (const [which, id] of subs.entries()) {
    for (const [index, status] of (statuses[which] ?? []).entries()) {
      const shape = shapes[(index + which) % 2] ?? 'new'
      const items = [
        { id: `${id}_a`, periodEnd: epochS + (30 + index) * dayS },
        ...(index % 2 === 0 ? [{ id: `${id}_${index}`, price: 'price_extra', lookup_key: 'extra' }] : []),
      ]
      const object = subscriptionOf({ id, customer, items, status }, shape)
      events.push(eventOf('customer.subscription.updated', object, { created: epochS + index * 10 + which, shape }))
    }
  }
  const invoice = invoiceOf({ id: stripeId('in'), customer, amount_due: 900, payment_intent: intent })
  events.push(eventOf('checkout.session.completed', checkoutOf({ customer, user, subscription: subs[0] ?? null })))
  events.push(eventOf('invoice.paid', invoice))
  for (const [index, amount] of [100, 250].entries()) {
    const object = chargeOf({ id: charge, customer, amount: 900, amount_refunded: amount, payment_intent: intent })
    events.push(eventOf('charge.refunded', object, { created: epochS + index }))
  }
  expect(events).toHaveLength(20)

  const applied = await Promise.all(random.shuffle(events).map((event) => db.apply(event)))
  expect(applied.map(({ outcome }) => outcome)).toEqual(Array(20).fill('applied'))

  expect(
    await db.rows('select id, status, changed_at from finance.subscriptions where customer = $1 order by id', [
      customer,
    ]),
  ).toEqual([
    { id: subs[0], status: 'active', changed_at: new Date((epochS + 70) * 1000) },
    { id: subs[1], status: 'unpaid', changed_at: new Date((epochS + 71) * 1000) },
  ])
  const items = await db.rows('select id from finance.subscription_items where subscription = any($1) order by id', [
    subs,
  ])
  expect(items.map(({ id }) => id)).toEqual([`${subs[0]}_a`, `${subs[1]}_a`].sort())
  expect(await db.one('select amount_net from finance.payment_nets where id = $1', [invoice['id']])).toEqual({
    amount_net: '650',
  })
  expect(await db.rows(`select id from finance.events where customer = $1 and state = 'parked'`, [customer])).toEqual(
    [],
  )

  const profile = await db.one('select * from finance.user_profiles where user_id = $1', [user])
  const { entitled, plan, entitled_until } = profile
  expect({ entitled, plan, entitled_until }).toEqual(await pureEntitlement(db, user))
  expect(entitled).toBe(true)
})

test('two customers of one user at once: the profile sees both', async () => {
  for (let round = 0; round < 15; round += 1) {
    const user = stripeId('user')
    const customers = [stripeId('cus'), stripeId('cus')]
    const changeOf = (customer: string, index: number, days: number) => {
      const items = [{ lookup_key: `plan-${index}`, periodEnd: epochS + days * dayS }]
      return eventOf('customer.subscription.updated', subscriptionOf({ id: stripeId('sub'), customer, items }))
    }
    const events = customers.flatMap((customer, index) => [
      eventOf('checkout.session.completed', checkoutOf({ customer, user })),
      ...[1, 2, 3].map((days) => changeOf(customer, index, days * (index + 1))),
    ])
    await Promise.all(events.map((event) => db.apply(event)))
    const profile = await db.one('select * from finance.user_profiles where user_id = $1', [user])
    const { entitled, plan, entitled_until } = profile
    expect({ entitled, plan, entitled_until }).toEqual(await pureEntitlement(db, user))
    expect({ plan, entitled_until }).toEqual({ plan: 'plan-1', entitled_until: new Date((epochS + 6 * dayS) * 1000) })
  }
})

test('one event twenty times at once: one effect, one result', async () => {
  const event = eventOf('invoice.paid', invoiceOf({ id: stripeId('in'), customer: stripeId('cus') }))
  const applied = await Promise.all(Array.from({ length: 20 }, () => db.apply(event)))
  expect(applied.map(({ outcome }) => outcome).sort()).toEqual(['applied', ...Array(19).fill('replayed')])
  expect(new Set(applied.map(({ output }) => JSON.stringify(output))).size).toBe(1)
})

test('customers that swap users at once do not wait for each other for ever', async () => {
  const users = [stripeId('user_a'), stripeId('user_b')]
  const customers = [stripeId('cus'), stripeId('cus')]
  for (let round = 0; round < 10; round += 1) {
    const created = epochS + round
    const swap = customers.map((customer, index) =>
      eventOf('checkout.session.completed', checkoutOf({ customer, user: users[(index + round) % 2] ?? '', created }), {
        created,
      }),
    )
    const applied = await Promise.all(swap.map((event) => db.apply(event)))
    expect(applied.map(({ output }) => output.state)).toEqual(['applied', 'applied'])
  }
})

test('a snapshot and its thin twin at once: one row, one outcome, whoever is first', async () => {
  const forms = new Set<unknown>()
  for (let round = 0; round < 20; round += 1) {
    const customer = stripeId('cus')
    const object = subscriptionOf({ id: stripeId('sub'), customer })
    const event = eventOf('customer.subscription.updated', object, { created: epochS })
    const twin = thinOf(event)
    const stripe = stripeOf(() => object, epochS + 1)
    const both = round % 2 === 0 ? [event, twin] : [twin, event]
    const applied = await Promise.all(both.map((one) => db.apply(one, { stripe })))
    expect(applied[0]?.output).toEqual(applied[1]?.output)
    const rows = await db.rows('select * from finance.events where customer = $1', [customer])
    expect(rows).toHaveLength(1)
    expect(rows[0]?.['id']).toBe(event.id)
    forms.add(rows[0]?.['form'])
  }
  expect([...forms].every((form) => form === 'snapshot' || form === 'thin')).toBe(true)
})

test('a dispute, its charge and the invoice at once: whoever comes last revokes', async () => {
  await db.rows(`insert into finance.policies values ('self', false, '7 days', 'revoke_when_lost')`)
  for (let round = 0; round < 20; round += 1) {
    const [customer, user, id, charge, intent] = ['cus', 'user', 'sub', 'ch', 'pi'].map(stripeId) as [
      string,
      string,
      string,
      string,
      string,
    ]
    const paid = invoiceOf({ id: stripeId('in'), customer, subscription: id, payment_intent: intent, charge })
    await db.apply(eventOf('checkout.session.completed', checkoutOf({ customer, user, subscription: id })))
    await db.apply(eventOf('customer.subscription.updated', subscriptionOf({ id, customer })))
    await Promise.all([
      db.apply(
        eventOf(
          'charge.dispute.closed',
          disputeOf({ id: stripeId('dp'), charge, payment_intent: intent, status: 'lost', amount: 1900 }),
        ),
      ),
      db.apply(
        eventOf(
          'charge.succeeded',
          chargeOf({ id: charge, customer, amount: 1900, amount_refunded: 0, payment_intent: intent }),
        ),
      ),
      db.apply(eventOf('invoice.paid', paid)),
    ])
    const found = await db.one('select entitled from finance.user_profiles where user_id = $1', [user])
    expect(found).toEqual({ entitled: false })
  }
})

test('many events of few objects that are seldom alone: no deadlock, no timeout', async () => {
  const random = seededRandom(7)
  const customers = Array.from({ length: 3 }, () => stripeId('cus'))
  const charges = Array.from({ length: 4 }, () => stripeId('ch'))
  const refunds = Array.from({ length: 6 }, () => stripeId('re'))
  const events = Array.from({ length: 200 }, (_, index) => {
    const customer = random.pick(customers)
    const some = refunds.filter(() => random.next() < 0.5).map((id) => ({ id, amount: 1 }))
    const object = chargeOf(
      { id: random.pick(charges), customer, amount: 900, amount_refunded: some.length, refunds: some },
      'old',
    )
    return eventOf('charge.refunded', object, { created: epochS + index, shape: 'old' })
  })
  const applied = await Promise.all(events.map((event) => db.apply(event)))
  expect(applied.every(({ outcome }) => outcome === 'applied')).toBe(true)
})

import { expect, it } from 'vitest'
import { appliedType, appliedTypes } from '../../bees/finance/event-types.ts'
import { toldOf } from '../../bees/finance/objects/told-of.ts'
import { createWorld, type World } from '../../src/local/stripe/index.ts'
import { namedPrice } from './catalogue.ts'
import { tables } from './expected-rows.ts'
import { type ActualRows, compare, history, type Oracle, oracle, type Row, type TableName } from './index.ts'
import { promisedTypes } from './promised-types.ts'

/**
 * What comes of a history when every event arrives once and in order, told by the bee's own reading of objects: no
 * database, no guard. Where this differs from the oracle one of the two does not understand Stripe.
 */
function inOrder(world: World): ActualRows['tables'] {
  const told = new Map<string, { readonly table: TableName; readonly row: Row }>()
  for (const event of world.events()) {
    const applied = appliedType(event.type)
    if (applied === undefined) continue
    const { object } = event.snapshot()['data'] as { readonly object: unknown }
    for (const { kind, customer, fact } of toldOf(applied.kind, object, applied.deleted)) {
      const { account, livemode } = event
      const row: Row = { ...fact, account, livemode, ...(kind === 'invoice_payment' ? {} : { customer }) }
      for (const [key, { table, row: old }] of told) {
        if (kind === 'subscription' && table === 'subscription_items' && old['subscription'] === fact.id)
          told.delete(key)
      }
      told.set(fact.id, {
        table: tables[kind],
        row: kind === 'subscription' ? { ...row, known_status: fact.status } : row,
      })
      if (kind !== 'subscription') continue
      for (const item of fact.items) {
        told.set(item.id, { table: 'subscription_items', row: { ...item, account, livemode, subscription: fact.id } })
      }
    }
  }
  const of = (table: TableName): Row[] => [...told.values()].filter((one) => one.table === table).map(({ row }) => row)
  return Object.fromEntries(allTables.map((table) => [table, of(table)])) as unknown as ActualRows['tables']
}

const allTables = [...Object.values(tables), 'subscription_items'] as const

/** The customers' users are the oracle's own: no object says them. */
const asExpected = (world: World, expected: Oracle): ActualRows => ({
  tables: {
    ...inOrder(world),
    customers: inOrder(world).customers.map((row) => ({
      ...row,
      user_id: expected.tables.customers.find(({ id }) => id === row['id'])?.row['user_id'] ?? null,
    })),
  },
  entitlements: expected.entitlements.map((one) => ({ ...one })),
  payments: expected.payments.map((one) => ({ ...one })),
})

it('agrees with the bee about what objects say, in both shapes', () => {
  for (let seed = 1; seed <= 250; seed += 1) {
    const { world, log } = history(seed, { shape: (['acacia', 'basil', 'mixed'] as const)[seed % 3], actions: 30 })
    const expected = oracle(world)
    expect(compare(asExpected(world, expected), expected), `seed ${seed}\n${log.join('\n')}`).toEqual([])
  }
})

it('promises what the bee promises', () => {
  expect([...promisedTypes].filter((type) => !appliedTypes.includes(type))).toEqual([])
})

it('finds each difference', () => {
  const { world } = history(12, { actions: 60 })
  const expected = oracle(world)
  const right = asExpected(world, expected)
  for (const table of allTables) {
    const first = expected.tables[table].find(({ required }) => required)
    if (first === undefined) continue
    const rows = right.tables[table]
    const without = { ...right, tables: { ...right.tables, [table]: rows.filter(({ id }) => id !== first.id) } }
    expect(compare(without, expected), table).toHaveLength(1)
    const foreign = { ...right, tables: { ...right.tables, [table]: [...rows, { ...rows[0], id: 'x_1' }] } }
    expect(compare(foreign, expected), table).toHaveLength(1)
    for (const [member, value] of Object.entries(first.row)) {
      if (member === 'id') continue
      const wrong = rows.map((row) => (row['id'] === first.id ? { ...row, [member]: `not ${value}` } : row))
      expect(compare({ ...right, tables: { ...right.tables, [table]: wrong } }, expected), member).toHaveLength(1)
    }
  }
  const [payment] = expected.payments
  const cent = right.payments.map((row) =>
    row['id'] === payment?.id ? { ...row, amount_net: Number(row['amount_net']) + 1 } : row,
  )
  expect(compare({ ...right, payments: cent }, expected)).toHaveLength(1)
  expect(compare({ ...right, payments: [] }, expected)).toHaveLength(expected.payments.length)
})

it('reads rows as the database gives them', () => {
  const world = createWorld({ seed: 2 })
  const { id } = world.actions.createCustomer()
  const expected = oracle(world)
  const row = {
    id,
    account: 'self',
    livemode: false,
    delinquent: false,
    currency: null,
    user_id: null,
    deleted_at: null,
  }
  const madeAt = new Date(String(expected.tables.customers[0]?.row['made_at']))
  const none = Object.fromEntries(allTables.map((table) => [table, []])) as unknown as ActualRows['tables']
  const actual = { tables: { ...none, customers: [{ ...row, made_at: madeAt }] }, entitlements: [], payments: [] }
  expect(compare(actual, expected)).toEqual([])
})

it('works entitlement out of objects: the best plan, its latest end, grace from the beginning of the period', () => {
  const world = createWorld({ seed: 9 })
  const lines = [{ price: namedPrice('pro', 'eur') }]
  const session = world.actions.openCheckout({
    mode: 'subscription',
    customer: null,
    user: 'ada',
    lines,
    currency: 'eur',
  })
  world.actions.completeCheckout(session.id)
  const [subscription] = world.final().subscription
  const id = subscription?.id ?? ''
  const [entitled] = oracle(world).entitlements
  expect(entitled).toMatchObject({ user_id: 'ada', entitled: true, plan: 'pro', status: 'active' })
  world.advanceTo(world.nowMs() + 30 * 86_400_000)
  const renewed = world.actions.renew(id, 'failed')
  const startMs = (renewed.items[0]?.periodStartS ?? 0) * 1000
  expect(oracle(world).entitlements[0]).toMatchObject({
    entitled: true,
    status: 'past_due',
    until: new Date(startMs + 7 * 86_400_000).toISOString(),
  })
  const policies = [{ account: 'self', livemode: false, pastDueGraceDays: 3, dispute: 'keep' as const }]
  expect(oracle(world, { policies }).entitlements[0]?.until).toBe(new Date(startMs + 3 * 86_400_000).toISOString())
  world.actions.deleteCustomer(subscription?.customer ?? '')
  expect(oracle(world).entitlements).toEqual([])
})

it('counts a failed refund as money that came back, and a lost dispute once', () => {
  const world = createWorld({ seed: 10 })
  const { id } = world.actions.startPayment({ customer: null, amount: 9_007_199_254_740_991, currency: 'kwd' })
  const charge = world.actions.confirmPayment(id, 'paid').latestCharge ?? ''
  const refunds = [1, 2, 3].map((n) => world.actions.refund(charge, n * 10).id)
  world.actions.settleRefund(refunds[1] ?? '', 'failed')
  const { id: dispute } = world.actions.openDispute(charge, { amount: 1_000 })
  world.actions.withdrawFunds(dispute)
  const [held] = oracle(world).payments
  expect(held).toMatchObject({ id, amount_refunded: 40, amount_lost: 0, amount_withheld: 1_000 })
  world.actions.closeDispute(dispute, 'lost')
  expect(oracle(world).payments).toEqual([
    {
      account: 'self',
      livemode: false,
      id,
      currency: 'kwd',
      amount_paid: 9_007_199_254_740_991,
      amount_refunded: 40,
      amount_lost: 1_000,
      amount_withheld: 0,
      amount_net: 9_007_199_254_739_951,
    },
  ])
})

it('delivers late, twice, out of order and not at all, as asked', () => {
  const calm = history(8, { thin: 0, chaos: { duplicates: 0, late: 0, veryLate: 0 } })
  expect(calm.deliveries).toHaveLength(calm.world.events().length)
  const wild = history(8, { thin: 1, chaos: { duplicates: 1, veryLate: 0.5, lost: 0.2 } })
  const arrived = new Set(wild.deliveries.map(({ event }) => event.id))
  expect(arrived.size).toBeLessThan(wild.world.events().length)
  expect(wild.deliveries.length).toBeGreaterThan(arrived.size)
  expect(wild.deliveries.some(({ form }) => form === 'thin')).toBe(true)
  const order = wild.deliveries.map(({ event }) => event.atMs)
  expect(order).not.toEqual(order.toSorted((a, b) => a - b))
  for (const { atMs, event } of wild.deliveries) expect(atMs).toBeGreaterThanOrEqual(event.atMs)
})

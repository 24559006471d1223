import { describe, expect, it } from 'vitest'
import type { World } from '../../../src/local/stripe/index.ts'
import { checkOrder } from './check-order.ts'
import { checkReplay } from './check-replay.ts'
import type { Remains, Row, Written } from './recorder.ts'

/** The checks themselves: what they are there to find, they find. */

const refund = { amount: 500, failureReason: null }
const item = (id: string) => ({ id, price: { id: 'price_a' }, quantity: 1, periodEndS: 1_770_000_000 })
const subscription = {
  ...{ status: 'active', cancelAtPeriodEnd: false, cancelAtS: null, canceledAtS: null, endedAtS: null },
  ...{ pauseCollection: null, pendingUpdate: null, latestInvoice: null },
}
const lives: Readonly<Record<string, readonly object[]>> = {
  re_1: ['pending', 'succeeded', 'failed'].map((status) => ({ ...refund, status })),
  re_2: ['pending', 'requires_action', 'pending', 'succeeded'].map((status) => ({ ...refund, status })),
  sub_1: [
    { ...subscription, items: [item('si_1')] },
    { ...subscription, items: [item('si_1'), item('si_2')] },
    { ...subscription, items: [item('si_2')], status: 'past_due' },
  ],
}
const world = {
  versions: (_kind: string, id: string) => (lives[id] ?? []).map((object, index) => ({ fromMs: index, object })),
} as unknown as Pick<World, 'versions'>

let tx = 0
const write = (table: string, row: Row, op: Written['op'] = 'INSERT'): Written => ({ tx: String(++tx), table, op, row })
const refunds = (id: string, ...statuses: readonly string[]) =>
  statuses.map((status) => write('refunds', { id, amount: 500, failure_reason: null, status, last_event: 'evt' }))

describe('the order of what was written', () => {
  it.each([
    ['every state', refunds('re_1', 'pending', 'succeeded', 'failed')],
    ['states left out', refunds('re_1', 'pending', 'failed')],
    ['the same state twice', refunds('re_1', 'succeeded', 'succeeded')],
    ['a state that the object really had twice', refunds('re_2', 'pending', 'requires_action', 'pending')],
  ])('%s: fine', (_, written) => {
    expect(checkOrder(written, world)).toEqual([])
  })

  it.each([
    ['a step backwards', refunds('re_1', 'succeeded', 'pending')],
    ['a step backwards', refunds('re_1', 'failed', 'succeeded', 'failed')],
    ['a step backwards', refunds('re_2', 'succeeded', 'pending')],
    ['never was', refunds('re_1', 'canceled')],
    ['no such object', refunds('re_9', 'pending')],
  ])('%s: found', (problem, written) => {
    expect(checkOrder(written, world)).toEqual([expect.stringContaining(problem)])
  })

  const row = { ...{ id: 'sub_1', status: 'active', cancel_at_period_end: false, cancel_at: null, canceled_at: null } }
  const stored = { ...row, ended_at: null, collection_paused: false, update_pending: false, latest_invoice: null }
  const itemRow = (id: string) => ({
    ...{ id, subscription: 'sub_1', price: 'price_a', quantity: 1 },
    period_end: new Date(1_770_000_000_000).toISOString(),
  })
  const inOne = (name: string, ...writes: readonly Written[]) => writes.map((one) => ({ ...one, tx: name }))

  it('a subscription and its items are one: what fits each alone need not fit both', () => {
    const first = inOne('a', write('subscriptions', stored), write('subscription_items', itemRow('si_1')))
    const added = inOne('b', write('subscription_items', itemRow('si_2')))
    const removed = inOne(
      'c',
      write('subscriptions', { ...stored, status: 'past_due' }),
      write('subscription_items', itemRow('si_1'), 'DELETE'),
    )
    expect(checkOrder([...first, ...added, ...removed], world)).toEqual([])
    // Removed, but by a commit of its own: in between, others saw a state that never was.
    const torn = [...first, ...added, ...removed.slice(1).map((one) => ({ ...one, tx: 'd' }))]
    expect(checkOrder(torn, world)).toEqual([expect.stringContaining('never was')])
  })
})

describe('a replay', () => {
  const remains = (rows: readonly Row[], written: readonly Written[] = []): Remains => ({
    tables: { refunds: rows },
    written,
    ledger: [],
  })
  it('that changes nothing is fine, in whichever order the rows come', () => {
    expect(checkReplay(remains([{ id: 1 }, { id: 2 }]), remains([{ id: 2 }, { id: 1 }]))).toEqual([])
  })
  it('that changes a row, adds one, takes one away or writes one in vain is found', () => {
    const before = remains([{ id: 1 }])
    for (const after of [remains([{ id: 2 }]), remains([{ id: 1 }, { id: 2 }]), remains([])])
      expect(checkReplay(before, after)).toHaveLength(1)
    expect(checkReplay(before, remains([{ id: 1 }], refunds('re_1', 'pending')))).toHaveLength(1)
  })
})

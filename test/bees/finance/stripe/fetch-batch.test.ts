import { describe, expect, it } from 'vitest'
import { fetchBatch } from '../../../../bees/finance/reconcile/fetch-batch.ts'
import { noFigures } from '../../../../bees/finance/reconcile/figures.ts'
import { phaseCalled } from '../../../../bees/finance/reconcile/phases.ts'
import type { Position, Tenant } from '../../../../bees/finance/reconcile/protocol.ts'
import type { ListOrder, StripeLists } from '../../../../bees/finance/stripe/create-lists.ts'

const tenant: Tenant = { account: 'self', livemode: false, pass: 'p', position: null, events_through_s: null }
const window = { from_s: 0, to_s: 1000, events_from_s: 0 }
const start: Position = {
  ...{ phase: 'subscription', after: null, after_s: null, window, events_taken_all: true, figures: noFigures },
}
const options = { days: 30, settleS: 20, signal: new AbortController().signal, timeoutMs: 1000 }

/** A list of 20 objects, one a second, in pages of two; `gone` ones are not known any more. */
function stripe(gone: readonly number[] = []) {
  const asked: ListOrder[] = []
  const lists: StripeLists = {
    modes: [false],
    page: async (order) => {
      asked.push(order)
      const numbers = Array.from({ length: 20 }, (_, n) => 20 - n).filter((n) => !gone.includes(n))
      const after = order.after === null ? 21 : Number(order.after)
      if (gone.includes(after)) return null
      const most = Number(order.filters['created[lte]'] ?? 1000)
      const left = numbers.filter((n) => n < after && n <= most)
      return {
        objects: left.slice(0, 2).map((n) => ({ id: String(n), created: n })),
        hasMore: left.length > 2,
        dateS: 2000 + asked.length,
      }
    },
  }
  return { asked, lists }
}

const fetch = (lists: StripeLists, position: Position) =>
  fetchBatch(lists, tenant, phaseCalled(position.phase), position, options)

describe('a batch', () => {
  it('is some pages, and says where the next one begins', async () => {
    const { lists } = stripe()
    const first = await fetch(lists, start)
    expect(first.objects.map(({ created }) => created)).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11])
    expect(first.next).toEqual({ after: '11', after_s: 11 })
    const second = await fetch(lists, { ...start, after: '11', after_s: 11 })
    expect(second.objects.map(({ created }) => created)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(second.next).toBe(null)
  })

  it('is as old as its first page', async () => {
    expect((await fetch(stripe().lists, start)).dateS).toBe(2001)
  })

  it('goes on by time where the object that it should begin after is gone', async () => {
    const { lists, asked } = stripe([11, 10])
    const { objects } = await fetch(lists, { ...start, after: '11', after_s: 11 })
    expect(asked.slice(0, 2).map(({ after, filters }) => [after, filters['created[lte]']])).toEqual([
      ['11', '1000'],
      [null, '11'],
    ])
    expect(objects.map(({ created }) => created)).toEqual([9, 8, 7, 6, 5, 4, 3, 2])
  })
})

describe('the window', () => {
  const first = (through: number | null) =>
    fetchBatch(
      stripe().lists,
      { ...tenant, events_through_s: through },
      phaseCalled(null),
      { ...start, phase: null, window: null },
      {
        ...{ ...options, days: 1, settleS: 60 },
      },
    )

  it('ends before what may be on its way, by the clock of Stripe', async () => {
    expect((await first(null)).window).toEqual({ from_s: 0, to_s: 2001 - 60, events_from_s: 0 })
  })

  it('takes up events an hour before where the last pass ended', async () => {
    const lists: StripeLists = {
      modes: [false],
      page: async () => ({ objects: [], hasMore: false, dateS: 1_000_000 }),
    }
    const options1 = { ...options, days: 10, settleS: 0 }
    const batch = await fetchBatch(
      lists,
      { ...tenant, events_through_s: 900_000 },
      phaseCalled(null),
      { ...start, window: null },
      options1,
    )
    expect(batch.window).toEqual({ from_s: 136_000, to_s: 1_000_000, events_from_s: 896_400 })
  })
})

import { afterEach, describe, expect, it } from 'vitest'
import { createStripeLists, type ListOrder, type ListParts } from '../../../../bees/finance/stripe/create-lists.ts'
import { type Answering, type FaultServer, json, startFaultServer, stripeError } from './fault-server.ts'

const order: ListOrder = { account: 'self', livemode: false, what: 'charge', filters: {}, after: null }
const open: FaultServer[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const charges = (...members: readonly object[]) => ({
  object: 'list',
  has_more: true,
  data: members.map((more, n) => ({ id: `ch_${n}`, created: 9 - n, livemode: false, ...more })),
})

async function serve(answering: Answering, parts: ListParts = {}) {
  const server = await startFaultServer(answering)
  open.push(server)
  const lists = createStripeLists(
    { STRIPE_SECRET_KEY: 'rk_test_1', STRIPE_API_URL: server.url },
    { perSecond: 1000, random: () => 0, ...parts },
  )
  const page = (more: Partial<ListOrder> = {}, signal = new AbortController().signal) =>
    lists.page({ ...order, ...more }, { signal, timeoutMs: 1500 })
  return { server, lists, page }
}

describe('a page', () => {
  it('is asked for with filters and cursor, in the name of the account', async () => {
    const { server, page } = await serve(json(200, charges({}, {}), { date: 'Mon, 02 Feb 2026 10:00:07 GMT' }))
    const shown = await page({ account: 'acct_1', filters: { 'created[gte]': '5' }, after: 'ch_9' })
    expect(shown?.objects.map(({ id, created }) => [id, created])).toEqual([
      ['ch_0', 9],
      ['ch_1', 8],
    ])
    expect(shown).toMatchObject({ hasMore: true, dateS: Date.UTC(2026, 1, 2, 10, 0, 7) / 1000 })
    const [request] = server.seen
    const url = new URL(request?.url ?? '', server.url)
    expect(url.pathname).toBe('/v1/charges')
    expect(Object.fromEntries(url.searchParams)).toEqual({ limit: '100', 'created[gte]': '5', starting_after: 'ch_9' })
    expect(request?.headers['stripe-account']).toBe('acct_1')
  })

  it('that is empty is the last, whatever it says', async () => {
    const { page } = await serve(json(200, charges()))
    expect(await page()).toMatchObject({ objects: [], hasMore: false })
  })

  it('after an object that is gone is none', async () => {
    const { page } = await serve(stripeError(404, 'resource_missing'))
    expect(await page({ after: 'ch_9' })).toBe(null)
    await expect(page()).rejects.toMatchObject({ problem: 'unavailable' })
  })

  it.each([
    ['no list', { id: 'ch_1' }, 'unavailable'],
    ['of things without a name', { ...charges(), data: [{ created: 1 }] }, 'unavailable'],
    ['of the other mode', charges({}, { livemode: true }), 'forbidden'],
  ])('%s is not believed', async (_name, body, problem) => {
    const { page } = await serve(json(200, body))
    await expect(page()).rejects.toMatchObject({ name: 'StripeReadError', problem })
  })

  it('that the key may not see is forbidden', async () => {
    const { server, page } = await serve(stripeError(403, 'more_permissions_required'))
    await expect(page()).rejects.toMatchObject({ problem: 'forbidden' })
    expect(server.seen).toHaveLength(1)
  })
})

describe('the pace', () => {
  it('is the same for all of a hive', async () => {
    const { page } = await serve(json(200, charges({})), { perSecond: 20 })
    const startMs = performance.now()
    await Promise.all(Array.from({ length: 11 }, () => page()))
    expect(performance.now() - startMs).toBeGreaterThan(490)
  })

  it('ends with its signal', async () => {
    const { page } = await serve(json(200, charges({})), { perSecond: 0.01 })
    await page()
    const reason = new Error('stop now')
    await expect(page({}, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

it('knows which modes it has keys for', () => {
  const modes = (keys: string) => createStripeLists({ STRIPE_SECRET_KEY: keys }).modes
  expect(modes('')).toEqual([])
  expect(modes('sk_live_1')).toEqual([true])
  expect(modes('sk_live_1,sk_test_1')).toEqual([false, true])
})

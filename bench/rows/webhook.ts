import { randomBytes } from 'node:crypto'
import Stripe from 'stripe'
import type { Context } from '../context.ts'
import { atRate } from '../hive/pace.ts'
import { goal, type Line } from '../report/line.ts'
import { ms, percentile, timesOf } from '../report/statistics.ts'
import { startStub } from '../stub/stub-process.ts'

/** Events a second, well below what the local stack can take; Stripe sends what happens, when it happens. */
const perSecond = 25

/** From a signed Stripe event to its 200, which says that the broker holds it durably. */
export async function webhook({ quick, hive }: Context): Promise<readonly Line[]> {
  const { url, env } = await hive()
  const times = quick ? 60 : 250
  const secret = (env['STRIPE_WEBHOOK_SECRET'] ?? '').split(',')[0] ?? ''
  const stub = await startStub(randomBytes(32).toString('hex'))
  const post = async (to: string): Promise<void> => {
    const payload = JSON.stringify(paidInvoice())
    const header = Stripe.webhooks.generateTestHeaderString({ payload, secret })
    const headers = { 'content-type': 'application/json', 'stripe-signature': header }
    const response = await fetch(to, { method: 'POST', body: payload, headers })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`the webhook answered ${response.status}`)
  }
  const get = async (): Promise<void> => {
    await (await fetch(`${url}/status.json`)).arrayBuffer()
  }
  try {
    const timed = (work: () => Promise<void>) => async (): Promise<number> => {
      const startMs = performance.now()
      await work()
      return performance.now() - startMs
    }
    const measure = async (work: () => Promise<void>): Promise<readonly number[]> => {
      await atRate(40, perSecond, work)
      return atRate(times, perSecond, timed(work))
    }
    const bare = await measure(() => post(`http://127.0.0.1:${stub.port}/nothing`))
    const status = await measure(get)
    const events = await measure(() => post(`${url}/webhooks/stripe`))
    const line = (name: string, share: number): Line => {
      const [value, least] = [percentile(events, share), percentile(bare, share)]
      return {
        what: `webhook, accepted → 200, ${perSecond} a second, ${name}`,
        value: ms(value),
        spread: `p90 ${ms(percentile(events, 0.9))}, ${times} events`,
        goal: share > 0.9 ? goal('< 5 s', value < 5_000) : '',
        baseline: `POST to a bare node:http: ${ms(least)}; GET /status.json: ${ms(percentile(status, share))}`,
        ratio: timesOf(value, least),
      }
    }
    return [line('p50', 0.5), line('p99', 0.99)]
  } finally {
    stub.stop()
  }
}

/** An event of a customer whom nobody knows: verified, submitted, and parked by the finance bee. */
function paidInvoice() {
  const id = randomBytes(8).toString('hex')
  const invoice = { id: `in_${id}`, object: 'invoice', customer: `cus_${id}`, amount_paid: 1900, currency: 'usd' }
  return {
    id: `evt_${id}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    type: 'invoice.paid',
    data: { object: { ...invoice, status: 'paid', created: Math.floor(Date.now() / 1000) } },
  }
}

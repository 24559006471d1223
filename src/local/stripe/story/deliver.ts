import Stripe from 'stripe'
import { z } from 'zod'
import type { StripeJson } from '../types.ts'

const answer = z.looseObject({ status: z.string(), process: z.string().optional() })

/** What a webhook endpoint said; no status when it said nothing that we understand. */
export interface DeliveryAnswer {
  readonly http: number
  readonly status: string | null
  readonly process: string | null
}

const timeoutMs = 15_000

/**
 * Posts one event as Stripe does: the bytes signed with the endpoint's secret at this moment. Rejects when nobody
 * answers.
 */
export async function deliverEvent(url: string, secret: string, event: StripeJson): Promise<DeliveryAnswer> {
  const payload = JSON.stringify(event)
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret })
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body: payload,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const parsed = answer.safeParse(await reply.json().catch(() => undefined))
  const { status = null, process = null } = parsed.data ?? {}
  return { http: reply.status, status, process }
}

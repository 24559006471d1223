import Stripe from 'stripe'
import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { unreachable } from '../reach.ts'
import type { StripeEvent } from './story.ts'

const answer = z.looseObject({ status: z.string(), process: z.string().optional() })

export type Answer = z.output<typeof answer> & { readonly http: number }

/**
 * Posts one event as Stripe does: the bytes signed with the endpoint's secret at this moment.
 *
 * @throws BeeError BEE_UNREACHABLE without a hive, BEE_WEBHOOK_NOT_DURABLE when it does not take the event.
 */
export async function deliver(url: string, secret: string, event: StripeEvent): Promise<Answer> {
  const payload = JSON.stringify(event)
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret })
  const reply = await fetch(`${url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body: payload,
    signal: AbortSignal.timeout(15_000),
  }).catch((cause: unknown) => {
    throw unreachable('The hive', url, cause)
  })
  const parsed = answer.safeParse(await reply.json().catch(() => undefined))
  if (reply.ok && parsed.success) return { ...parsed.data, http: reply.status }
  throw new BeeError('BEE_WEBHOOK_NOT_DURABLE', `${event.type}: the hive answered ${reply.status}, expected 200.`)
}

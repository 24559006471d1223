import { Agent, request } from 'node:http'
import Stripe from 'stripe'

export interface StripeEventLike {
  readonly id: string
  readonly type: string
}

export interface Delivery {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface StripeClient {
  /** One signed delivery. Rejects when there is no answer. */
  post(event: StripeEventLike, options?: { readonly timeoutMs?: number; readonly to?: string }): Promise<Delivery>
  close(): void
}

/** Posts signed events over a given number of kept-alive connections, as Stripe's fleet of senders does. */
export function stripeClient(url: string, secret: string, connections = 50): StripeClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const post: StripeClient['post'] = (event, { timeoutMs = 15_000, to = url } = {}) => {
    const payload = JSON.stringify(event)
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret })
    return new Promise((resolve, reject) => {
      const call = request(
        `${to}/webhooks/stripe`,
        {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', 'stripe-signature': signature },
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('error', reject)
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parse(text) }))
        },
      )
      call.on('error', reject)
      call.end(payload)
    })
  }
  return { post, close: () => agent.destroy() }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}

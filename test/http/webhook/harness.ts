import Stripe from 'stripe'
import {
  createStripeWebhook,
  type SnapshotInput,
  type StripeEventInput,
  type StripeWebhookOptions,
  type WebhookDeadLetter,
} from '../../../src/http/webhook/index.ts'
import { type ManualClock, manualClock } from '../../../src/resilience/index.ts'

export const secret = 'whsec_first_0123456789abcdef'
export const url = 'http://hive.test/webhooks/stripe'

/** A snapshot event as Stripe sends it; ours, with a canary in each personal member. */
export function eventOf(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'evt_1TfR3bKq0example0001',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_767_225_600,
    livemode: false,
    pending_webhooks: 2,
    request: { id: 'req_Zr81example', idempotency_key: null },
    type: 'invoice.paid',
    data: {
      object: {
        id: 'in_1TfR3bKq0example',
        object: 'invoice',
        amount_paid: 1900,
        customer: 'cus_T8example',
        customer_email: 'canary@example.org',
        customer_name: 'Canary Name',
        customer_address: { line1: 'Canary Street 1' },
        metadata: { user_id: 'user-1' },
      },
    },
    ...overrides,
  }
}

/** A thin event as Stripe sends it, twin of the snapshot above. */
export function thinEventOf(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'evt_65TfR3bKq0example0001',
    object: 'v2.core.event',
    type: 'v1.invoice.paid',
    created: '2026-01-01T00:00:00.123Z',
    livemode: false,
    snapshot_event: 'evt_1TfR3bKq0example0001',
    related_object: { id: 'in_1TfR3bKq0example', type: 'invoice', url: '/v1/invoices/in_1TfR3bKq0example' },
    changes: { before: { customer_email: 'canary@example.org' } },
    reason: { type: 'request', request: { id: 'req_Zr81example', idempotency_key: 'canary@example.org' } },
    ...overrides,
  }
}

/** What was handed on of a snapshot event. */
export function snapshotIn(input: StripeEventInput | undefined): SnapshotInput {
  if (input === undefined || 'object' in input.event) throw new Error('expected the input of a snapshot event')
  return input.event
}

export interface SignOptions {
  readonly secret?: string
  /** Seconds since 1970. */
  readonly timestamp: number
}

export function signatureOf(payload: string, options: SignOptions): string {
  return Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: options.secret ?? secret,
    timestamp: options.timestamp,
  })
}

export interface Harness {
  readonly handle: (request: Request) => Promise<Response>
  readonly clock: ManualClock
  readonly submitted: { readonly input: StripeEventInput; readonly label: string; readonly signal: AbortSignal }[]
  readonly applied: { readonly input: StripeEventInput; readonly signal: AbortSignal; readonly deadlineMs: number }[]
  readonly buried: WebhookDeadLetter[]
  readonly logged: string[]
  readonly counted: string[]
  /** A signed request with this body, signed now unless told otherwise. */
  readonly post: (event: unknown, header?: string) => Request
  readonly nowS: () => number
}

type Ports = Partial<Pick<StripeWebhookOptions, 'submit' | 'direct' | 'deadLetter'>>

/** The webhook with ports that record what they get; a port given in `options` decides what comes of it. */
export function harness(options: Partial<StripeWebhookOptions> & Ports = {}): Harness {
  const clock = manualClock(Date.UTC(2026, 0, 1))
  const submitted: Harness['submitted'] = []
  const applied: Harness['applied'] = []
  const buried: WebhookDeadLetter[] = []
  const logged: string[] = []
  const counted: string[] = []
  const record = (facts: object, message: string) => void logged.push(JSON.stringify({ ...facts, message }))
  const handle = createStripeWebhook({
    secrets: [secret],
    livemode: false,
    clock,
    log: { info: record, warn: record, error: record },
    metrics: {
      webhook: (outcome) => void counted.push(outcome),
      breaker: (dependency, state) => void counted.push(`${dependency} ${state}`),
    },
    ...options,
    submit: async (input, call) => {
      submitted.push({ input, label: call.label, signal: call.signal })
      return (await options.submit?.(input, call)) ?? { processId: 'a'.repeat(64) }
    },
    direct: async (input, call) => {
      applied.push({ input, signal: call.signal, deadlineMs: call.deadlineMs })
      return (await options.direct?.(input, call)) ?? { outcome: 'applied' }
    },
    deadLetter: async (letter, call) => {
      await options.deadLetter?.(letter, call)
      buried.push(letter)
    },
  })
  const nowS = () => Math.floor(clock.now() / 1000)
  const post = (event: unknown, header?: string) => {
    const body = typeof event === 'string' ? event : JSON.stringify(event)
    return new Request(url, {
      method: 'POST',
      body,
      headers: { 'stripe-signature': header ?? signatureOf(body, { timestamp: nowS() }) },
    })
  }
  return { handle, clock, submitted, applied, buried, logged, counted, post, nowS }
}

/** Never settles, whatever happens: a port that does not listen to its signal. */
export const hang = (): Promise<never> => new Promise(() => {})

/** Never settles before its signal aborts. */
export const hangUntilAbort = (_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

export async function answerOf(response: Response): Promise<[number, Record<string, unknown>]> {
  return [response.status, (await response.json()) as Record<string, unknown>]
}

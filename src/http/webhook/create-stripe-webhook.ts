import { BeeError, type ErrorCode } from '../../errors.ts'
import { type Deadline, deadlineIn, raceAbort } from '../../resilience/index.ts'
import { peerOf } from '../peer.ts'
import { refusal, reply } from '../reply.ts'
import { deliver, type Held } from './deliver.ts'
import { twinTypeOf } from './event-types.ts'
import { parseEvent } from './parse-event.ts'
import { readBody } from './read-body.ts'
import { type WebhookSettings, webhookSettings } from './settings.ts'
import type { StripeEventInput, StripeWebhookOptions } from './types.ts'
import { verifySignature } from './verify-signature.ts'

/** Every other code is answered with 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BEE_WEBHOOK_METHOD: 405,
  BEE_WEBHOOK_SLOW: 408,
  BEE_WEBHOOK_TOO_LARGE: 413,
  BEE_WEBHOOK_NOT_DURABLE: 503,
}

/** What a request came to, with what its answer says. */
type Settled = Held | { readonly status: 'ignored' }

/** An event that may be handed on. */
interface Admitted {
  readonly event: StripeEventInput['event']
  readonly signatureHeader: string
}

/**
 * The Stripe webhook as a plain function of the fetch API, for Netlify functions, Supabase edge functions, Hono and
 * the hive's own server. It answers
 *
 * - 200 `{status: 'queued', process}`: the broker holds the event;
 * - 200 `{status: 'applied' | 'replayed'}`: the database holds its effect;
 * - 200 `{status: 'ignored'}`: nobody handles its type;
 * - 200 `{status: 'dead', code}`: it can never be applied and is kept as a dead letter;
 * - 4xx `{status: 'refused', code, message}`: it is not a genuine event for this hive;
 * - 503 `{status: 'not_durable', code, message}` with Retry-After: nothing holds it, Stripe shall send it again.
 *
 * It never rejects, and never answers 200 for a handled event before the broker or the database has it.
 *
 * @throws TypeError for options that cannot work, at creation
 */
export function createStripeWebhook(options: StripeWebhookOptions): (request: Request) => Promise<Response> {
  const settings = webhookSettings(options)
  const { clock, log, metrics, notify } = settings
  return async (request) => {
    const startedMs = clock.monotonicMs()
    const whole = deadlineIn(settings.budget.totalMs, clock)
    const watchdog = whole.guard()
    try {
      const settled = await raceAbort(settle(request, settings, whole), watchdog.signal)
      metrics?.webhook(settled.status, clock.monotonicMs() - startedMs)
      return reply(200, settled)
    } catch (thrown) {
      const error = refusalOf(thrown)
      const outcome = error.code === 'BEE_WEBHOOK_NOT_DURABLE' ? 'not_durable' : 'refused'
      metrics?.webhook(outcome, clock.monotonicMs() - startedMs)
      log?.warn({ code: error.code, cause: causeOf(error) }, `webhook ${outcome}`)
      const response = refusal(error, statuses)
      if (error.code === 'BEE_WEBHOOK_SIGNATURE') {
        const { status } = response
        notify?.({
          what: 'webhook_refused',
          where: '/webhooks/stripe',
          code: error.code,
          status,
          peer: peerOf(request),
        })
      }
      return response
    } finally {
      watchdog.release()
    }
  }
}

async function settle(request: Request, settings: WebhookSettings, whole: Deadline): Promise<Settled> {
  const { event, signatureHeader } = await admit(request, settings, whole)
  const thin = 'object' in event
  const type = thin ? twinTypeOf(event.type) : event.type
  if (type === undefined || !settings.takesType(type)) return { status: 'ignored' }
  if (thin && event.related_object === undefined) {
    throw new BeeError('BEE_WEBHOOK_MALFORMED', 'A thin event of this type names an object; look at: related_object.')
  }
  return await deliver({ event }, signatureHeader, settings, whole)
}

async function admit(request: Request, settings: WebhookSettings, whole: Deadline): Promise<Admitted> {
  if (request.method !== 'POST') throw new BeeError('BEE_WEBHOOK_METHOD')
  const signatureHeader = request.headers.get('stripe-signature') ?? ''
  const bodyGuard = whole.child(settings.budget.bodyMs).guard()
  const bytes = await readBody(request, settings.maxBytes, bodyGuard.signal).finally(bodyGuard.release)
  const body = textOf(bytes)
  await verifySignature(body, signatureHeader, settings, settings.clock.now())
  const event = parseEvent(body, settings.personalData)
  if (settings.livemode !== 'any' && event.livemode !== settings.livemode) throw new BeeError('BEE_WEBHOOK_LIVEMODE')
  if (!settings.takesAccount(event.account)) throw new BeeError('BEE_WEBHOOK_ACCOUNT')
  return { event, signatureHeader }
}

/** The signature is over bytes: text that does not give the same bytes back cannot be checked. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new BeeError('BEE_WEBHOOK_MALFORMED', 'The body is not UTF-8.')
  }
}

/** Whatever is not a refusal of ours left the event nowhere. */
function refusalOf(thrown: unknown): BeeError {
  if (thrown instanceof BeeError && thrown.code.startsWith('BEE_WEBHOOK_')) return thrown
  return new BeeError('BEE_WEBHOOK_NOT_DURABLE', 'The event could not be held in time.', { cause: thrown })
}

/** Code or class name only: the message of a foreign error may quote what was sent. */
function causeOf({ cause }: BeeError): string | undefined {
  if (cause instanceof BeeError) return cause.code
  return cause instanceof Error ? cause.name : undefined
}

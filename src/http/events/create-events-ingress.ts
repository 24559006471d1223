import { BeeError, type ErrorCode } from '../../errors.ts'
import { type Deadline, deadlineIn, raceAbort } from '../../resilience/index.ts'
import { peerOf } from '../peer.ts'
import { refusal, reply } from '../reply.ts'
import { batchesOf, sumOf } from './batches.ts'
import type { Sender } from './find-sender.ts'
import { readItems } from './read-items.ts'
import { type EventsSettings, eventsSettings } from './settings.ts'
import type { EventsIngressOptions, RecordedItems } from './types.ts'

/**
 * `POST /events` as a plain function of the fetch API. It answers
 *
 * - 200 `{status: 'recorded', accepted, duplicates, ignored, refused, refusals}`: the database holds what was accepted;
 *   `refusals` are places and reasons of the items that cannot be taken, never their content;
 * - 4xx `{status: 'refused', code, message}`: nothing of it was taken, and sending it again does not help (429: later);
 * - 503 `{status: 'not_durable', code, message}` with Retry-After: send all of it again; what was kept before counts once.
 *
 * It never rejects, and never answers 200 before the database has committed.
 *
 * @throws TypeError for options that cannot work, at creation
 */
export function createEventsIngress(options: EventsIngressOptions): (request: Request) => Promise<Response> {
  const settings = eventsSettings(options)
  const { clock, log, metrics, notify } = settings
  return async (request) => {
    const startedMs = clock.monotonicMs()
    const whole = deadlineIn(settings.totalMs, clock)
    const watchdog = whole.guard(request.signal)
    try {
      const recorded = await raceAbort(settle(request, settings, whole, watchdog.signal), watchdog.signal)
      metrics?.events('recorded', clock.monotonicMs() - startedMs)
      return reply(200, { status: 'recorded', ...recorded })
    } catch (thrown) {
      const error = refusalOf(thrown)
      const outcome = outcomes[error.code] ?? 'refused'
      const response = refusal(error, statuses)
      metrics?.events(outcome, clock.monotonicMs() - startedMs)
      log?.warn({ code: error.code, cause: causeOf(error) }, `events ${outcome}`)
      if (error.code in noticed) {
        notify?.({
          what: error.code === 'BEE_EVENTS_RATE' ? 'rate_limited' : 'events_refused',
          ...{ where: '/events', code: error.code, status: response.status, peer: peerOf(request) },
        })
      }
      return response
    } finally {
      watchdog.release()
    }
  }
}

/** Every other code is answered with 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  BEE_EVENTS_SECRET: 401,
  BEE_EVENTS_METHOD: 405,
  BEE_EVENTS_SLOW: 408,
  BEE_EVENTS_TOO_LARGE: 413,
  BEE_EVENTS_RATE: 429,
  BEE_EVENTS_NOT_DURABLE: 503,
}

const outcomes: Partial<Record<ErrorCode, string>> = {
  BEE_EVENTS_NOT_DURABLE: 'not_durable',
  BEE_EVENTS_RATE: 'limited',
  BEE_EVENTS_SECRET: 'forged',
}

const noticed: Partial<Record<ErrorCode, true>> = { BEE_EVENTS_SECRET: true, BEE_EVENTS_RATE: true }

async function settle(
  request: Request,
  settings: EventsSettings,
  whole: Deadline,
  signal: AbortSignal,
): Promise<RecordedItems> {
  if (request.method !== 'POST') throw new BeeError('BEE_EVENTS_METHOD')
  const { tenant, mandate } = admit(request, settings)
  const leave = await settings.places.enter(signal)
  try {
    const bodyGuard = whole.child(settings.totalMs / 2).guard(signal)
    const items = await readItems(request, { ...settings, signal: bodyGuard.signal }).finally(bodyGuard.release)
    const cut = batchesOf(items)
    const answers: RecordedItems[] = []
    for (const batch of cut.batches) {
      answers.push(await settings.record(tenant, batch.items, { mandate, signal, deadlineMs: whole.atMs }))
    }
    const recorded = sumOf(cut, answers)
    if (recorded.accepted > 0) settings.onRecorded?.(tenant)
    return recorded
  } finally {
    leave()
  }
}

/** Before a single byte of the body is read: who it is, and whether it may come again so soon. */
function admit(request: Request, { senderOf, senders, strangers }: EventsSettings): Sender {
  const sender = senderOf(request.headers)
  const waitMs =
    sender === undefined ? strangers.waitMs(peerOf(request) ?? 'unknown') : senders.waitMs(String(sender.index))
  if (waitMs > 0) throw new BeeError('BEE_EVENTS_RATE', undefined, { retryAfterMs: waitMs })
  if (sender === undefined) throw new BeeError('BEE_EVENTS_SECRET')
  return sender
}

/** Whatever is not a refusal of ours may have left some of it nowhere. */
function refusalOf(thrown: unknown): BeeError {
  if (thrown instanceof BeeError && thrown.code.startsWith('BEE_EVENTS_')) return thrown
  const retryAfterMs = thrown instanceof BeeError ? thrown.retryAfterMs : undefined
  return new BeeError('BEE_EVENTS_NOT_DURABLE', undefined, {
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Code or class name only: the message of a foreign error may quote what was sent. */
function causeOf({ cause }: BeeError): string | undefined {
  if (cause instanceof BeeError) return cause.code
  return cause instanceof Error ? cause.name : undefined
}

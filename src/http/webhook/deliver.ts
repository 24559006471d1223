import { digestOf, type Json, sha256 } from '../../canonical.ts'
import { BeeError, toBeeError } from '../../errors.ts'
import { type Deadline, raceAbort } from '../../resilience/index.ts'
import type { WebhookSettings } from './settings.ts'
import type { DirectResult, StripeEventInput } from './types.ts'

/** Where the event is held now. There is no member for "nowhere": that is the error BEE_WEBHOOK_NOT_DURABLE. */
export type Held =
  | { readonly status: 'queued'; readonly process: string }
  | { readonly status: 'applied' | 'replayed' }
  | { readonly status: 'dead'; readonly code: string }

/**
 * Brings an event to a place that outlives us: the broker; if that fails the database, by running the task directly
 * with the same keys (a submit that did arrive after all then finds the work done); if that can never work the dead
 * letters. Each part gets what is left of the one budget.
 *
 * @param signatureHeader tells one delivery from the next: Stripe signs each with its own time
 * @throws BeeError BEE_WEBHOOK_NOT_DURABLE when nothing holds it
 */
export async function deliver(
  input: StripeEventInput,
  signatureHeader: string,
  settings: WebhookSettings,
  whole: Deadline,
): Promise<Held> {
  const { budget, log } = settings
  const facts = { event: input.event.id, type: input.event.type }
  const submitMs = Math.min(budget.submitMs, whole.remainingMs() - budget.directMs)
  const label = `stripe:${input.event.id}:${sha256(signatureHeader).slice(0, 16)}`
  try {
    const { processId } = await settings.breaker.run(() =>
      within(whole.child(submitMs), (signal) => settings.submit(input, { signal, label })),
    )
    return { status: 'queued', process: processId }
  } catch (thrown) {
    log?.warn({ ...facts, code: toBeeError(thrown).code }, 'submit failed, applying the event directly')
  }
  try {
    const { outcome } = await direct(input, settings, whole.child(budget.directMs))
    return { status: outcome }
  } catch (thrown) {
    if (!(thrown instanceof BeeError && thrown.failure === 'terminal')) {
      throw notDurable(thrown, 'The broker did not take the event and the database did not answer.')
    }
    return await bury(input, thrown, settings, whole.child(budget.deadLetterMs))
  }
}

const direct = (input: StripeEventInput, settings: WebhookSettings, deadline: Deadline): Promise<DirectResult> =>
  within(deadline, (signal) => settings.direct(input, { signal, deadlineMs: deadline.atMs }))

/** A poison event must not make Stripe disable the endpoint, and must not be lost either. */
async function bury(
  input: StripeEventInput,
  error: BeeError,
  settings: WebhookSettings,
  deadline: Deadline,
): Promise<Held> {
  const facts = { alarm: true, event: input.event.id, type: input.event.type, code: error.code }
  // The wire form has no undefined members, so it is JSON.
  const payload = input as unknown as Json
  const letter = {
    source: 'stripe',
    id: input.event.id,
    code: error.code,
    payload_digest: digestOf(input),
    payload,
  } as const
  try {
    await within(deadline, (signal) => settings.deadLetter(letter, { signal, deadlineMs: deadline.atMs }))
  } catch (thrown) {
    settings.log?.error({ ...facts, storing: toBeeError(thrown).code }, 'dead letter could not be stored')
    throw notDurable(thrown, 'The event cannot be applied and its dead letter could not be stored.')
  }
  settings.log?.error(facts, 'event cannot be applied, stored as a dead letter')
  return { status: 'dead', code: error.code }
}

/** Runs a port under a deadline that holds even when the port does not listen to its signal. */
async function within<Result>(deadline: Deadline, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { signal, release } = deadline.guard()
  try {
    signal.throwIfAborted()
    return await raceAbort(work(signal), signal)
  } finally {
    release()
  }
}

function notDurable(thrown: unknown, message: string): BeeError {
  const { retryAfterMs } = toBeeError(thrown)
  return new BeeError('BEE_WEBHOOK_NOT_DURABLE', message, {
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

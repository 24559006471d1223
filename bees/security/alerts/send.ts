import { BeeError, deadlineIn } from '../../../src/bee/index.ts'
import type { Message } from './message.ts'
import { sendEmail } from './notifiers/email.ts'
import type { Sending } from './notifiers/notifier.ts'
import { sendPagerDuty } from './notifiers/pagerduty.ts'
import { sendSlack } from './notifiers/slack.ts'
import { sendWebhook } from './notifiers/webhook.ts'
import type { SendOutcome } from './outcome.ts'
import { dead } from './outcome.ts'
import type { Delivery, Settlement } from './protocol.ts'
import { messageOf } from './protocol.ts'
import type { Receiver } from './receivers/receiver.ts'
import type { AlertServices, Channel } from './services.ts'

function notify(receiver: Receiver, message: Message, sending: Sending): Promise<SendOutcome> {
  switch (receiver.kind) {
    case 'webhook':
      return sendWebhook(receiver, message, sending)
    case 'slack':
      return sendSlack(receiver, message, sending)
    case 'pagerduty':
      return sendPagerDuty(receiver, message, sending)
    case 'email':
      return sendEmail(receiver, message, sending)
  }
}

/**
 * Sends one message over the network, within its receiver's time and the signal, past its breaker. Silence and illness count
 * against the receiver; a refusal is an answer, and so is "not so fast".
 */
export async function send(
  channel: Channel,
  delivery: Delivery,
  services: AlertServices,
  signal: AbortSignal,
): Promise<Settlement> {
  const { receiver, breaker } = channel
  const { clock, allowPrivate, lookup } = services
  const message = messageOf(delivery)
  if (message === undefined || receiver.kind !== delivery.kind) return dead('not_configured', null)
  const guard = deadlineIn(receiver.timeout_ms, clock).guard(signal)
  const sending = { reference: delivery.reference, nowMs: clock.now(), signal: guard.signal, allowPrivate, lookup }
  let settlement: Settlement = { outcome: 'held' }
  try {
    await breaker.run(async () => {
      const outcome = await notify(receiver, message, sending)
      settlement = outcome
      if (!countsAgainst(outcome)) return
      // What we have cut ourselves says nothing of the receiver.
      throw new BeeError(signal.aborted ? 'BEE_CANCELLED' : 'BEE_HANDLER_FAILED', 'the receiver did not answer well')
    })
  } catch (thrown) {
    // Our own two; anything else is a mistake of ours and must be heard of.
    if (!(thrown instanceof BeeError)) throw thrown
  } finally {
    guard.release()
  }
  return settlement
}

const countsAgainst = (outcome: SendOutcome): boolean => outcome.outcome === 'retry' && outcome.problem !== 'limited'

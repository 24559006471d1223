import { createHmac } from 'node:crypto'
import { sent } from '../outcome.ts'
import type { WebhookReceiver } from '../receivers/receiver.ts'
import { judgeFailure, judgeStatus } from '../wire/judge-status.ts'
import { post } from '../wire/post.ts'
import type { Notifier } from './notifier.ts'
import { toOcsf } from './ocsf.ts'

/**
 * The headers of Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over `id.timestamp.body`, one signature for
 * each secret, so that a receiver that knows only the old or only the new one can check it.
 *
 * @param secrets `whsec_` and base64
 * @param timestampS of this sending, seconds since 1970; a repeat has a new one and the same id
 */
export function signedHeaders(id: string, timestampS: number, body: string, secrets: readonly string[]) {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': signatures.join(' ') }
}

/** A signed POST of JSON. Any 2xx counts; what else the answer says is not looked at. */
export const sendWebhook: Notifier<WebhookReceiver> = async (receiver, message, { signal, nowMs, ...wire }) => {
  const body = JSON.stringify({
    type: `security.incident.${message.event}`,
    timestamp: new Date(message.at_ms).toISOString(),
    data: toOcsf(message),
  })
  try {
    const answer = await post({
      ...{ url: receiver.url, body, signal, allowPrivate: wire.allowPrivate, lookup: wire.lookup },
      headers: {
        'content-type': 'application/json',
        'user-agent': 'colony-bees',
        ...signedHeaders(message.id, Math.floor(nowMs / 1000), body, receiver.secrets),
      },
    })
    return judgeStatus(answer.status, answer.headers, nowMs) ?? sent(answer.status)
  } catch (thrown) {
    return judgeFailure(thrown)
  }
}

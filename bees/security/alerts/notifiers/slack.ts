import { type Json, z } from '../../../../src/bee/index.ts'
import type { Message } from '../message.ts'
import { dead, retryLater, type SendOutcome, sent } from '../outcome.ts'
import type { SlackReceiver } from '../receivers/receiver.ts'
import { judgeFailure, judgeStatus } from '../wire/judge-status.ts'
import { post } from '../wire/post.ts'
import type { Notifier, Sending } from './notifier.ts'
import { slackContent } from './slack-text.ts'

/** Where the notification's message is, so that the next one changes it. */
const reference = z.object({
  channel: z.string().regex(/^[A-Z0-9]{2,30}$/),
  ts: z.string().regex(/^\d{1,15}\.\d{1,9}$/),
})
type Reference = z.output<typeof reference>

const posted = z.object({ ok: z.literal(true), ...reference.shape })
const refused = z.object({ ok: z.literal(false), error: z.string().max(200) })

/** Slack's own troubles; every other refusal is about the token, the channel or the message and will not pass. */
const passing = new Set([
  ...['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'accesslimited', 'org_login_required'],
  ...['team_added_to_org', 'message_limit_exceeded'],
])
const limited = new Set(['ratelimited', 'rate_limited'])
/** The message that was to be changed cannot be, so a new one takes its place. */
const gone = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'is_inactive',
  'thread_not_found',
])

/**
 * By an incoming webhook each message is a new one. With a token there is one message for each notification, which is changed;
 * what people must look at again (worse, still open) is said in its thread as well, since Slack tells nobody of a change.
 */
export const sendSlack: Notifier<SlackReceiver> = async (receiver, message, sending) => {
  try {
    if (receiver.url !== undefined) return await toWebhook(receiver.url, message, sending)
    return await withToken(receiver, message, sending)
  } catch (thrown) {
    return judgeFailure(thrown)
  }
}

async function toWebhook(url: URL, message: Message, sending: Sending): Promise<SendOutcome> {
  const answer = await call(url, slackContent(message), {}, sending)
  const problem = judgeStatus(answer.status, answer.headers, sending.nowMs)
  if (problem !== undefined) return problem
  return z.literal('ok').safeParse(answer.body?.trim()).success
    ? sent(answer.status)
    : retryLater('odd_answer', answer.status)
}

async function withToken(receiver: SlackReceiver, message: Message, sending: Sending): Promise<SendOutcome> {
  const content = { ...slackContent(message), channel: receiver.channel ?? '' }
  const known = reference.safeParse(sending.reference)
  if (!known.success) return (await method(receiver, 'chat.postMessage', content, sending)).outcome

  const change = { ...content, channel: known.data.channel, ts: known.data.ts }
  const changed = await method(receiver, 'chat.update', change, sending)
  if (changed.error !== undefined && gone.has(changed.error)) {
    return (await method(receiver, 'chat.postMessage', content, sending)).outcome
  }
  if (changed.outcome.outcome !== 'sent' || !mustBeSeen(message)) return changed.outcome
  const reply = { ...content, channel: known.data.channel, thread_ts: known.data.ts, reply_broadcast: true }
  const replied = await method(receiver, 'chat.postMessage', reply, sending)
  return replied.outcome.outcome === 'sent' ? sent(replied.outcome.status, known.data) : replied.outcome
}

const mustBeSeen = ({ event, incidents }: Message): boolean =>
  event === 'repeat' || (event === 'update' && incidents.some(({ news }) => news === 'new' || news === 'raised'))

/** One method of Slack's API. `error`: its word for why not. */
async function method(
  receiver: SlackReceiver,
  name: 'chat.postMessage' | 'chat.update',
  content: Json,
  sending: Sending,
): Promise<{ readonly outcome: SendOutcome; readonly error?: string | undefined }> {
  const base = receiver.api_url.href.replace(/\/*$/, '/')
  const headers = { authorization: `Bearer ${receiver.token ?? ''}` }
  const { status, headers: answered, body } = await call(new URL(name, base), content, headers, sending)
  const problem = judgeStatus(status, answered, sending.nowMs)
  if (problem !== undefined) return { outcome: problem }
  const answer = z.union([posted, refused]).safeParse(parsedJson(body))
  if (!answer.success) return { outcome: retryLater('odd_answer', status) }
  if (answer.data.ok) {
    const { channel, ts } = answer.data satisfies Reference
    return { outcome: sent(status, { channel, ts }) }
  }
  const { error } = answer.data
  if (limited.has(error)) return { outcome: retryLater('limited', status, 1000), error }
  return { outcome: passing.has(error) ? retryLater('unwell', status) : dead('refused', status), error }
}

const call = (url: URL, content: Json, headers: Readonly<Record<string, string>>, sending: Sending) =>
  post({
    ...{ url, body: JSON.stringify(content), signal: sending.signal },
    ...{ allowPrivate: sending.allowPrivate, lookup: sending.lookup },
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'colony-bees', ...headers },
  })

export function parsedJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

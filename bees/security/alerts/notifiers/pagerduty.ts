import { type Json, z } from '../../../../src/bee/index.ts'
import type { Severity } from '../../findings.ts'
import type { Message } from '../message.ts'
import { retryLater, sent } from '../outcome.ts'
import type { PagerDutyReceiver } from '../receivers/receiver.ts'
import { judgeFailure, judgeStatus } from '../wire/judge-status.ts'
import { post } from '../wire/post.ts'
import type { Notifier } from './notifier.ts'
import { plain, timeText } from './plain.ts'
import { parsedJson } from './slack.ts'
import { entityText, figures, headline } from './summary.ts'

const severities: Readonly<Record<Severity, string>> = {
  ...{ critical: 'critical', high: 'error', medium: 'warning', low: 'info', info: 'info' },
}

/** PagerDuty answers with the key that it took; another one is another one's answer. */
const accepted = z.object({ status: z.literal('success'), dedup_key: z.string().max(255) })

/** The same from trigger to resolve, so that a repeat changes nothing at PagerDuty. At most 255 characters. */
export const dedupKey = ({ notification }: Pick<Message, 'notification'>): string => `colony-bees:${notification}`

/** Events API v2: trigger, acknowledge and resolve of one alert for each notification. */
export const sendPagerDuty: Notifier<PagerDutyReceiver> = async (receiver, message, sending) => {
  try {
    const answer = await post({
      ...{ url: receiver.api_url, body: JSON.stringify(eventOf(receiver, message)), signal: sending.signal },
      ...{ allowPrivate: sending.allowPrivate, lookup: sending.lookup },
      headers: { 'content-type': 'application/json', 'user-agent': 'colony-bees' },
    })
    const problem = judgeStatus(answer.status, answer.headers, sending.nowMs)
    if (problem !== undefined) return problem
    const read = accepted.safeParse(parsedJson(answer.body))
    const isOurs = read.success && read.data.dedup_key === dedupKey(message)
    return isOurs ? sent(answer.status) : retryLater('odd_answer', answer.status)
  } catch (thrown) {
    return judgeFailure(thrown)
  }
}

function eventOf({ routing_key }: PagerDutyReceiver, message: Message): Json {
  const { event, severity, tenant, group, incidents } = message
  const action = event === 'resolve' || event === 'acknowledge' ? event : 'trigger'
  const key = { routing_key, event_action: action, dedup_key: dedupKey(message) }
  if (action !== 'trigger') return key
  const [first] = incidents
  return {
    ...key,
    client: 'Colony Bees',
    payload: {
      summary: headline(message, 1024),
      source: plain(first === undefined ? tenant : `${tenant}: ${entityText(first)}`, 255),
      severity: severities[severity],
      timestamp: timeText(message.at_ms),
      component: plain(tenant, 255),
      group: plain(group.key, 255),
      class: plain(first?.rules[0] ?? '', 255),
      custom_details: {
        message: message.id,
        open: message.open,
        more: message.more,
        incidents: incidents.slice(0, 10).map((one) => ({
          ...{ incident: one.incident, status: one.status, severity: one.severity, title: plain(one.title, 300) },
          ...{ entity: plain(entityText(one), 350), explanation: plain(one.explanation, 1000), figures: figures(one) },
        })),
      },
    },
  }
}

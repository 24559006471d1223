import type { Message, ToldIncident } from '../message.ts'
import { plain, timeText } from './plain.ts'

const verbs: Readonly<Record<Message['event'], string>> = {
  trigger: 'New',
  update: 'Changed',
  repeat: 'Still open',
  acknowledge: 'Taken up',
  resolve: 'Over',
}

/** One line that says it all: "[high] New: Password spraying from one address (ip 203.0.113.7)". */
export function headline(message: Message, most = 200): string {
  const [first] = message.incidents
  const others = message.incidents.length + message.more - 1
  const more = others > 0 ? ` and ${others} more` : ''
  const about = first === undefined ? '' : `${first.title} (${entityText(first)})`
  return plain(`[${message.severity}] ${verbs[message.event]}: ${about}${more}`, most)
}

/** "ip 203.0.113.7" */
export const entityText = ({ entity }: Pick<ToldIncident, 'entity'>): string => `${entity.kind} ${entity.id}`

/** "26 events from 12:00:00 to 12:04:10, risk 75, rules a, b" */
export function figures(incident: ToldIncident): string {
  const { events, findings, first_ms, last_ms, risk, rules, confidence } = incident
  return plain(
    [
      `${events} event${events === 1 ? '' : 's'}, ${findings} finding${findings === 1 ? '' : 's'}`,
      `${timeText(first_ms)} to ${timeText(last_ms)}`,
      `confidence ${confidence}, risk ${Math.round(risk)}`,
      `rules ${rules.slice(0, 5).join(', ')}${rules.length > 5 ? ', …' : ''}`,
    ].join('; '),
    400,
  )
}

/** "new", "now high", "over", "taken up", "open": what has become of it. */
export function newsText({ news, severity, status, acknowledged }: ToldIncident): string {
  if (status === 'closed') return 'over'
  if (news === 'new') return 'new'
  if (news === 'raised') return `now ${severity}`
  return acknowledged ? 'taken up' : 'open'
}

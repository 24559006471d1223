import type { Entity } from '../findings.ts'
import type { IncidentState } from './incident-state.ts'

const words: Readonly<Record<Entity['kind'], string>> = {
  user: 'user',
  account: 'account',
  session: 'session',
  ip: 'address',
  net: 'network',
  api_key: 'API key',
  endpoint: 'endpoint',
  source: 'source',
  stream: 'metric',
  device: 'device',
  tenant: 'tenant',
}
const longestText = 4000
const most = { rules: 5, named: 5 } as const

/** What an incident is, for a person: what, how grave, since when, what each rule saw, who else is involved. */
export function explain(incident: IncidentState): string {
  const { rules, count } = incident
  const newest = [...rules].sort((a, b) => b.last - a.last).slice(0, most.rules)
  const said = newest.map(({ text }) => text).filter((text) => text !== '')
  const hidden = rules.length - newest.length
  const lines = [
    `${count === 1 ? 'One finding' : `${count} findings`} of ${rules.length === 1 ? 'one rule' : `${rules.length} rules`}, ` +
      `${spanOf(incident.first, incident.last)}.`,
    ...said,
    ...(hidden > 0 ? [`${hidden} more rules found something.`] : []),
    ...(incident.risk > 0 && !incident.byRule
      ? [`The risk of ${nameOf(incident.entity)} is ${Math.round(incident.risk)}.`]
      : []),
    ...involved(incident),
  ]
  return lines.join(' ').slice(0, longestText)
}

export const nameOf = ({ kind, id }: Entity): string => `${words[kind]} ${id}`

/** How many events an incident is about: rules look at the same ones, so their numbers do not add up. */
export const eventsOf = ({ rules }: IncidentState): number => rules.reduce((most, one) => Math.max(most, one.events), 0)

function involved({ related, more }: IncidentState): readonly string[] {
  if (related.length === 0) return []
  const named = related.slice(0, most.named).map(nameOf)
  const others = related.length - named.length
  const rest = others === 0 ? '' : more > 0 ? ` and more than ${others} others` : ` and ${others} more`
  return [`Also involved: ${named.join(', ')}${rest}.`]
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const spanOf = (firstMs: number, lastMs: number): string =>
  minute(firstMs) === minute(lastMs) ? `at ${minute(firstMs)}` : `from ${minute(firstMs)} to ${minute(lastMs)}`

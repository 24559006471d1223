import { columns, paint, printable } from '../paint.ts'
import type { IncidentHead, IncidentReply } from './replies.ts'

type Severity = IncidentHead['severity']

/** A severity, as loud as it is. */
export function severityText(severity: Severity): string {
  if (severity === 'critical' || severity === 'high') return paint.red(severity)
  return severity === 'medium' ? paint.yellow(severity) : paint.dim(severity)
}

/** Event time for a person, UTC, to the second. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

const entityText = ({ kind, id }: { readonly kind: string; readonly id: string }) => printable(`${kind} ${id}`)

/** One line an incident, the newest first. */
export function printIncidents(incidents: readonly IncidentHead[]): void {
  if (incidents.length === 0) {
    console.log('Nothing found.')
    return
  }
  const rows = incidents.map(({ id, status, severity, title, entity, last_ms, events, quiet }) => [
    paint.cyan(printable(id)),
    severityText(severity),
    quiet ? 'trial' : status,
    timeText(last_ms),
    `${events} events`,
    entityText(entity),
    printable(title),
  ])
  console.log(columns(rows, ''))
  console.log(`${paint.dim('next:')} bees security explain <id>`)
}

/** One incident: what, whom, since when, by which rules with which figures, on which events. */
export function printIncident({ incident, findings, events }: IncidentReply): void {
  if (incident === null) return
  console.log(`${severityText(incident.severity)} ${paint.bold(printable(incident.title))}`)
  console.log(printable(incident.explanation))
  const facts: readonly (readonly [string, string])[] = [
    ['incident', `${incident.incident} (${incident.status})`],
    ['about', entityText(incident.entity)],
    ['also', incident.related.map(entityText).join(', ') || '–'],
    ['from', `${timeText(incident.first_ms)} to ${timeText(incident.last_ms)}, ${incident.events} events`],
    ['sure', incident.confidence],
    ['risk', incident.risk.toFixed(0)],
    ['asks for', incident.response ?? 'nothing but telling'],
  ]
  console.log(columns(facts))
  for (const finding of findings) {
    const figures = Object.entries(finding.facts).map(([name, value]) => `${name} ${String(value)}`)
    console.log(
      `\n  ${paint.bold(printable(finding.rule))} v${finding.ruleVersion} ${severityText(finding.severity)} ${timeText(finding.timeMs)} ${paint.dim(printable(finding.attack.join(' ')))}`,
    )
    console.log(`  ${printable(finding.explanation)}`)
    if (figures.length > 0) console.log(`  ${paint.dim(printable(figures.join(', ')))}`)
  }
  if (events.length === 0) return
  console.log(`\n  ${paint.bold('events')}`)
  console.log(columns(events.map(eventCells)))
}

const statuses: Readonly<Record<number, string>> = { 1: 'worked', 2: 'failed' }

function eventCells(event: IncidentReply['events'][number]): readonly string[] {
  const { time, action, status_id, src_ip, country, account, resource, error_code, id } = event
  const place = [src_ip, country].filter((part) => part !== undefined).join(' ')
  return [
    timeText(Date.parse(time)),
    action,
    statuses[status_id ?? 0] ?? '',
    place,
    account ?? resource ?? '',
    error_code ?? '',
    id,
  ].map(printable)
}

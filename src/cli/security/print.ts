import { columns, paint, printable } from '../paint.ts'
import type { IncidentHead, IncidentReply, StatusReply } from './replies.ts'

type Severity = IncidentHead['severity']

const order: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

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

/** How things are: the stream, what is open, and which rule makes how much noise. */
export function printStatus(status: StatusReply): void {
  const open = order.flatMap((severity) => {
    const count = status.incidents[severity] ?? 0
    return count === 0 ? [] : [`${severityText(severity)} ${count}`]
  })
  const facts: readonly (readonly [string, string])[] = [
    ['tenant', printable(status.tenant)],
    ['open incidents', open.length === 0 ? paint.green('none') : open.join(', ')],
    ['events analysed', `${status.events}${status.analysed_at === null ? '' : `, last at ${status.analysed_at}`}`],
    ['waiting for analysis', String(status.waiting)],
    ['set aside', status.set_aside === 0 ? '0' : paint.yellow(`${status.set_aside} (security.set_aside says why)`)],
    ['metric streams', `${status.streams.all}, ${status.streams.learning} still learning`],
  ]
  console.log(columns(facts))
  if (status.rules.length === 0) return
  const rows = status.rules.map(({ rule, findings, incidents, quiet, last_ms, evaluations, hits, suppressed }) => [
    printable(rule),
    `${findings} findings`,
    `${incidents} incidents`,
    `${hits} hits (${suppressed} suppressed) of ${evaluations} events`,
    quiet === 0 ? '' : `${quiet} on trial`,
    last_ms === null ? '' : `last ${timeText(last_ms)}`,
  ])
  console.log(`\n  ${paint.bold('the last 7 days, by rule')}\n${columns(rows)}`)
}

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

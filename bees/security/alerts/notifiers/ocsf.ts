import type { Json } from '../../../../src/bee/index.ts'
import type { Severity } from '../../findings.ts'
import type { Message, ToldIncident } from '../message.ts'
import { headline } from './summary.ts'

/** OCSF 1.6.0, class Incident Finding. */
const incidentFinding = 2005
const severityIds: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 }
const severityNames: Readonly<Record<Severity, string>> = {
  ...{ info: 'Informational', low: 'Low', medium: 'Medium', high: 'High', critical: 'Critical' },
}
const confidenceIds = { low: 1, medium: 2, high: 3 } as const
const activities = { trigger: [1, 'Create'], resolve: [3, 'Close'] } as const

/** A message as OCSF Incident Finding (class 2005); docs/alerts.md describes each member. What OCSF has no place for is in `unmapped`. */
export function toOcsf(message: Message): Json {
  const { event, severity, notification, incidents } = message
  const [activityId, activity] =
    event === 'trigger' || event === 'resolve' ? activities[event] : ([2, 'Update'] as const)
  const [statusId, status] = statusOf(message)
  return {
    activity_id: activityId,
    activity_name: activity,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: incidentFinding,
    class_name: 'Incident Finding',
    type_uid: incidentFinding * 100 + activityId,
    time: message.at_ms,
    start_time: message.since_ms,
    severity_id: severityIds[severity],
    severity: severityNames[severity],
    status_id: statusId,
    status,
    message: headline(message),
    finding_info_list: incidents.map(findingInfo),
    observables: observablesOf(incidents),
    metadata: {
      version: '1.6.0',
      product: { name: 'Colony Bees', vendor_name: 'Colony Bees' },
      uid: message.id,
      correlation_uid: notification,
      sequence: message.number,
      tenant_uid: message.tenant,
    },
    unmapped: {
      event,
      because: message.because,
      group: { by: message.group.by, key: message.group.key },
      acknowledged: message.acknowledged,
      open: message.open,
      more: message.more,
      incidents: incidents.map((one) => ({
        ...{ uid: one.incident, status: one.status, news: one.news, severity: one.severity, risk: one.risk },
        ...{ confidence: one.confidence, confidence_id: confidenceIds[one.confidence], response: one.response },
        ...{ acknowledged: one.acknowledged, events: one.events, findings: one.findings },
        ...{ entity: { kind: one.entity.kind, id: one.entity.id } },
      })),
    },
  }
}

const findingInfo = (one: ToldIncident): Json => ({
  uid: one.incident,
  title: one.title,
  desc: one.explanation,
  types: [...one.rules],
  first_seen_time: one.first_ms,
  last_seen_time: one.last_ms,
})

const observableTypes: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['ip', [2, 'IP Address']],
  ['net', [12, 'Subnet']],
])

/** New, In Progress (taken up), Closed. */
function statusOf({ event, acknowledged }: Message): readonly [number, string] {
  if (event === 'resolve') return [5, 'Closed']
  return acknowledged ? [2, 'In Progress'] : [1, 'New']
}

/** OCSF's numbers for what an entity is. Ours of users and keys are none of its names, so they are `Other`. */
function observablesOf(incidents: readonly ToldIncident[]): Json {
  const seen = new Map<string, Json>()
  for (const { kind, id } of incidents.flatMap(({ entity, related }) => [entity, ...related])) {
    const [typeId, type] = observableTypes.get(kind) ?? [99, 'Other']
    seen.set(`${kind} ${id}`, { name: kind, type_id: typeId, type, value: id })
  }
  return [...seen.values()].slice(0, 50)
}

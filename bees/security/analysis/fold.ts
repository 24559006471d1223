import { createHash } from 'node:crypto'
import { type Finding, type Severity, severities } from '../findings.ts'
import { eventsOf, explain } from './explain.ts'
import { anchorsOf } from './grouping.ts'
import type { IncidentChange, IncidentWant } from './incident.ts'
import { type IncidentState, incidentAt, sameEntity, writeAnchor, writeIncident } from './incident-state.ts'
import { addRisk, type Risk } from './risk.ts'
import type { IncidentSettings } from './settings.ts'
import type { StateAccess } from './state-access.ts'

const most = { related: 40, rules: 40, findings: 50, wants: 50, ruleText: 400, title: 300 } as const
const rankOf = (severity: Severity): number => severities.indexOf(severity)
const confidenceRank = { low: 0, medium: 1, high: 2 } as const

/** What one call of `fold` did to one incident. */
interface Touched {
  incident: IncidentState
  readonly before: Severity | undefined
  readonly wants: IncidentWant[]
}

export interface FoldedFinding {
  readonly finding: Finding
  readonly incident: string
  readonly isNew: boolean
}

export interface Folded {
  /** Those that are new, or graver than when they came before, with the incident that each belongs to. */
  readonly findings: readonly FoldedFinding[]
  /** One for each incident that was touched, in the order in which they were. */
  readonly changes: readonly IncidentChange[]
}

/**
 * Folds findings into incidents, in the order given: by event time. Depends on the state rows and the findings alone, and
 * folding them in one go or in several comes to the same state.
 */
export function fold(findings: readonly Finding[], states: StateAccess, settings: IncidentSettings): Folded {
  const touched = new Map<string, Touched>()
  const kept: FoldedFinding[] = []
  for (const finding of findings) {
    const { incident, isNew, isWorse } = foldOne(finding, states, settings, touched)
    if (isNew || isWorse) kept.push({ finding, incident, isNew })
  }
  return { findings: kept, changes: [...touched.values()].map(changeOf) }
}

function foldOne(
  finding: Finding,
  states: StateAccess,
  settings: IncidentSettings,
  touched: Map<string, Touched>,
): { readonly incident: string; readonly isNew: boolean; readonly isWorse: boolean } {
  // It may be the second time that this finding comes, perhaps graver than before.
  const first = find(finding, finding.severity, states)
  const isNew = first?.findings.includes(finding.key) !== true
  const points = isNew && !finding.quiet ? finding.risk : 0
  const risk = addRisk(states, finding.entity, points, finding.rule, finding.timeMs)
  const severity = finding.quiet ? finding.severity : worst(finding.severity, severityOf(risk, settings))
  const anchors = anchorsOf(finding, severity)
  const found = first ?? find(finding, severity, states)
  // What has become grave leaves the group of its rule.
  const known = found?.byRule === true && !anchors.byRule ? undefined : found
  const before = known ?? opened(finding, anchors.byRule)
  const after = isNew ? added(before, finding, severity, risk, settings) : repeated(before, finding, severity, settings)
  writeIncident(states, after)
  // What is low and went to a graver incident leads nobody else there.
  if (after.byRule === anchors.byRule) {
    for (const anchor of anchors.leave) writeAnchor(states, anchor, after.id, after.until)
  }
  const entry = touched.get(after.id) ?? { incident: after, before: known?.severity, wants: [] }
  entry.incident = after
  const isWorse = rankOf(after.severity) > rankOf(before.severity)
  const want = isNew || isWorse ? wantOf(finding) : undefined
  if (want !== undefined && entry.wants.length < most.wants) entry.wants.push(want)
  touched.set(after.id, entry)
  return { incident: after.id, isNew, isWorse }
}

function find(finding: Finding, severity: Severity, states: StateAccess): IncidentState | undefined {
  for (const anchor of anchorsOf(finding, severity).search) {
    const found = incidentAt(states, anchor, finding.timeMs)
    if (found !== undefined) return found
  }
  return undefined
}

function opened(finding: Finding, byRule: boolean): IncidentState {
  const text = `${finding.tenant}\u0000${finding.key}\u0000${finding.timeMs}`
  return {
    v: 1,
    id: `inc_${createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 24)}`,
    severity: 'info',
    confidence: 'low',
    title: '',
    entity: byRule ? { kind: 'tenant', id: finding.tenant } : finding.entity,
    related: [],
    more: 0,
    rules: [],
    count: 0,
    findings: [],
    first: finding.firstMs,
    last: finding.timeMs,
    until: 0,
    response: null,
    risk: 0,
    quiet: finding.quiet,
    byRule,
    x: 0,
  }
}

function added(
  before: IncidentState,
  finding: Finding,
  severity: Severity,
  risk: Risk,
  settings: IncidentSettings,
): IncidentState {
  const rise = rankOf(severity) - rankOf(before.severity)
  const isWorse = before.count === 0 || rise > 0
  const isAsBad = rise === 0 && confidenceRank[finding.confidence] > confidenceRank[before.confidence]
  const entity = isWorse && !before.byRule ? finding.entity : before.entity
  const rest = [before.entity, ...before.related, finding.entity, ...finding.related]
  const related = rest.filter(
    (one, index) => !sameEntity(one, entity) && rest.findIndex((other) => sameEntity(one, other)) === index,
  )
  const old = before.rules.find(({ id }) => id === finding.rule)
  const rule = {
    id: finding.rule,
    events: (old?.events ?? 0) + finding.events,
    last: Math.max(old?.last ?? 0, finding.timeMs),
    text: finding.explanation.slice(0, most.ruleText),
  }
  const rules =
    old === undefined ? [...before.rules, rule] : before.rules.map((one) => (one.id === rule.id ? rule : one))
  return {
    ...before,
    severity: isWorse ? severity : before.severity,
    confidence: isWorse || isAsBad ? finding.confidence : before.confidence,
    title: isWorse ? titleOf(finding) : before.title,
    entity,
    related: related.filter((one) => one.kind !== 'tenant').slice(0, most.related),
    more: before.more + Math.max(0, related.filter((one) => one.kind !== 'tenant').length - most.related),
    rules: rules.slice(0, most.rules),
    count: before.count + 1,
    findings: [...before.findings, finding.key].slice(-most.findings),
    first: Math.min(before.first, finding.firstMs),
    last: Math.max(before.last, finding.timeMs),
    until: Math.max(before.until, finding.timeMs + quietOf(before, settings)),
    response: isWorse || isAsBad ? finding.response : (before.response ?? finding.response),
    risk: sameEntity(entity, finding.entity) ? risk.total : before.risk,
  }
}

/** The same finding once more: it goes on, perhaps graver, and nothing is counted again. */
function repeated(
  before: IncidentState,
  finding: Finding,
  severity: Severity,
  settings: IncidentSettings,
): IncidentState {
  const isWorse = rankOf(severity) > rankOf(before.severity)
  return {
    ...before,
    ...(isWorse ? { severity, confidence: finding.confidence, response: finding.response } : {}),
    ...(isWorse && !before.byRule ? { title: titleOf(finding), entity: finding.entity } : {}),
    last: Math.max(before.last, finding.timeMs),
    until: Math.max(before.until, finding.timeMs + quietOf(before, settings)),
  }
}

const quietOf = ({ byRule }: IncidentState, { quietMs, lowQuietMs }: IncidentSettings): number =>
  byRule ? lowQuietMs : quietMs

const titleOf = (finding: Finding): string => finding.title.slice(0, most.title)

const worst = (a: Severity, b: Severity): Severity => (rankOf(a) >= rankOf(b) ? a : b)

/** People are called for the total of an entity; one rule alone cannot talk it up. */
function severityOf(risk: Risk, { riskMedium, riskHigh }: IncidentSettings): Severity {
  if (risk.rules < 2) return 'info'
  if (risk.total >= riskHigh) return 'high'
  return risk.total >= riskMedium ? 'medium' : 'info'
}

function wantOf(finding: Finding): IncidentWant | undefined {
  const { key, rule, ruleVersion, entity, severity, confidence, response } = finding
  if (response === null) return undefined
  return { finding: key, rule, rule_version: ruleVersion, entity, severity, confidence, response }
}

function changeOf({ incident, before, wants }: Touched): IncidentChange {
  const { id, severity, confidence, title, entity, related, rules, findings, first, last, response, risk } = incident
  const change = before === undefined ? 'opened' : rankOf(severity) > rankOf(before) ? 'raised' : 'continued'
  return {
    incident: id,
    change,
    severity,
    confidence,
    title: title === '' ? 'Incident' : title,
    entity,
    related,
    rules: rules.map((one) => one.id),
    findings,
    first_ms: first,
    last_ms: last,
    events: eventsOf(incident),
    explanation: explain(incident),
    response,
    risk: incident.byRule ? 0 : risk,
    quiet: incident.quiet,
    wants,
  }
}

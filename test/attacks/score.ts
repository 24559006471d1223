import type { Entity, Finding, Severity } from '../../bees/security/findings.ts'
import { severities } from '../../bees/security/findings.ts'
import { day } from './clock.ts'
import { type Attack, eventsUntil, graceMs } from './truth.ts'

/** What somebody is told: an incident that was opened or got worse. Info and rules on trial tell nobody. */
export interface Alert {
  readonly timeMs: number
  readonly severity: Severity
  readonly rules: readonly string[]
  readonly entity: Entity
  /** What it rests on. */
  readonly findings: readonly Finding[]
}

export interface Outcome {
  readonly attack: Attack
  /** The first finding that concerns it, and the number of its events until then. Absent: missed. */
  readonly found?: {
    readonly timeMs: number
    readonly rule: string
    readonly events: number
    readonly severity: Severity
  }
  /** Rules that found it. */
  readonly rules: readonly string[]
  /** Whether a rule of its own number did. */
  readonly byName: boolean
  /** Whether one of the findings rests on its events, not only on whom it concerns. */
  readonly byEvents: boolean
}

export interface Score {
  readonly users: number
  readonly days: number
  readonly events: number
  readonly outcomes: readonly Outcome[]
  readonly alerts: number
  readonly trueAlerts: number
  readonly falseAlerts: readonly Alert[]
  readonly falsePages: readonly Alert[]
}

const rank = (severity: Severity): number => severities.indexOf(severity)
export const isTold = (severity: Severity, quiet: boolean): boolean => !quiet && rank(severity) >= rank('low')

/**
 * Whether a finding is about an attack: it rests on events of the attack, or is about somebody or something in it and the time that
 * it speaks of meets that of the attack.
 * The things around it (`related`) do not count: an office's address is related to much.
 */
export function concerns(finding: Finding, attack: Attack): boolean {
  if (finding.evidence.some((id) => attack.events.has(id))) return true
  // What a slow window adds up may reach back a day.
  const sinceMs = Math.max(finding.timeMs - day, Math.min(finding.firstMs, finding.timeMs))
  if (finding.timeMs < attack.beginMs || sinceMs > attack.endMs + graceMs) return false
  return attack.entities.has(`${finding.entity.kind}:${finding.entity.id}`)
}

/** Compares what was told with what happened, after the stream has ended. */
export function scoreOf(
  world: {
    readonly users: number
    readonly days: number
    readonly events: number
    readonly attacks: readonly Attack[]
  },
  findings: readonly Finding[],
  alerts: readonly Alert[],
): Score {
  const told = findings.filter(({ severity, quiet }) => isTold(severity, quiet))
  const outcomes = world.attacks.map((attack): Outcome => {
    const own = told.filter((finding) => concerns(finding, attack)).sort((a, b) => a.timeMs - b.timeMs)
    const rules = [...new Set(own.map(({ rule }) => rule))]
    const byName = own.some(({ detection }) => detection === attack.detection)
    const byEvents = own.some(({ evidence }) => evidence.some((id) => attack.events.has(id)))
    const first = own[0]
    if (first === undefined) return { attack, rules, byName, byEvents }
    const { timeMs, rule, severity } = first
    return { attack, rules, byName, byEvents, found: { timeMs, rule, severity, events: eventsUntil(attack, timeMs) } }
  })
  const isTrue = (alert: Alert): boolean =>
    alert.findings.some((finding) => world.attacks.some((attack) => concerns(finding, attack)))
  const falseAlerts = alerts.filter((alert) => !isTrue(alert))
  return {
    users: world.users,
    days: world.days,
    events: world.events,
    outcomes,
    alerts: alerts.length,
    trueAlerts: alerts.length - falseAlerts.length,
    falseAlerts,
    falsePages: falseAlerts.filter(({ severity }) => rank(severity) >= rank('high')),
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}

export interface Figures {
  readonly attacks: number
  readonly found: number
  readonly recall: number
  /** Found by a rule of the attack's own number; by a finding that rests on the attack's events. Stricter than the recall. */
  readonly recallByName: number
  readonly recallByEvents: number
  readonly precision: number
  readonly alerts: number
  /** Median number of malicious events until the first finding; an attack that is missed counts with all of its events. */
  readonly medianEvents: number
  readonly medianCredentialEvents: number
  /** False alerts, all and of severity high and above, per 1 000 users and week. */
  readonly falseAlertsPerWeek: number
  readonly falsePagesPerWeek: number
}

/** Figures over several worlds: sums, not means of means. */
export function figuresOf(scores: readonly Score[]): Figures {
  const outcomes = scores.flatMap((score) => score.outcomes)
  const found = outcomes.filter((outcome) => outcome.found !== undefined).length
  const sum = (of: (score: Score) => number): number => scores.reduce((total, score) => total + of(score), 0)
  const events = (all: readonly Outcome[]): number =>
    median(all.map((outcome) => outcome.found?.events ?? Math.max(outcome.attack.times.length, 1)))
  const thousandUserWeeks = sum(({ users, days }) => (users / 1000) * (days / 7))
  const alerts = sum((score) => score.alerts)
  const share = (count: number): number => (outcomes.length === 0 ? 1 : count / outcomes.length)
  return {
    attacks: outcomes.length,
    found,
    recall: share(found),
    recallByName: share(outcomes.filter(({ byName }) => byName).length),
    recallByEvents: share(outcomes.filter(({ byEvents }) => byEvents).length),
    precision: alerts === 0 ? 1 : sum((score) => score.trueAlerts) / alerts,
    alerts,
    medianEvents: events(outcomes),
    medianCredentialEvents: events(outcomes.filter(({ attack }) => attack.credential)),
    falseAlertsPerWeek: sum((score) => score.falseAlerts.length) / thousandUserWeeks,
    falsePagesPerWeek: sum((score) => score.falsePages.length) / thousandUserWeeks,
  }
}

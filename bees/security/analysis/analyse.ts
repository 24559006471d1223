import type { Json } from '../../../src/bee/index.ts'
import type { SecurityEvent } from '../events/event.ts'
import type { Finding } from '../findings.ts'
import { type CompiledRules, futureMs, type RuleCounters, type TenantSettings } from '../rules/index.ts'
import { fold } from './fold.ts'
import { foldKeysOf } from './grouping.ts'
import type { IncidentChange } from './incident.ts'
import { type Point, pointsOf } from './points.ts'
import { riskKeyOf } from './risk.ts'
import { type IncidentSettings, readIncidentSettings } from './settings.ts'
import { type Overlay, overlay, type StateAccess } from './state-access.ts'

export interface DetectInput {
  readonly tenant: string
  /** Sorted by time and id. */
  readonly events: readonly SecurityEvent[]
  readonly states: StateAccess
  readonly rules: CompiledRules
  /** By rule: what the tenant says otherwise. */
  readonly settings: TenantSettings
  readonly nowMs: number
  /** When the tenant's first event came in, by the clock. Left out: where the events themselves begin. */
  readonly sinceMs?: number | undefined
  /** Let the clock judge as well: nothing else waits. */
  readonly tick: boolean
}

export interface Detected {
  readonly findings: readonly Finding[]
  readonly points: readonly Point[]
  /** By rule: how often it was asked and answered. */
  readonly counters: ReadonlyMap<string, RuleCounters>
  /** Greatest time of an event that is not in the future; 0 without one. */
  readonly watermarkMs: number
  readonly late: number
  readonly future: number
  readonly blocked: number
  /** Ids of events that a rule could not bear. They have been judged in part. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[]
}

/** First half of an analysis: events against rules. */
export function detect({ tenant, events, states, rules, settings, nowMs, sinceMs, tick }: DetectInput): Detected {
  const session = rules.open({ tenant, states, nowMs, sinceMs }, settings)
  const findings: Finding[] = []
  const failed: { id: string; reason: string }[] = []
  const latest = nowMs + futureMs
  let watermarkMs = 0
  for (const event of events) {
    if (event.time <= latest) watermarkMs = Math.max(watermarkMs, event.time)
    try {
      findings.push(...session.take(event))
    } catch (thrown) {
      // A rule that breaks on an event must not stop everything behind it.
      failed.push({ id: event.id, reason: thrown instanceof Error ? thrown.name : typeof thrown })
    }
  }
  if (tick) findings.push(...session.tick())
  for (const [key, row] of session.changes()) states.set(key, row)
  const points = pointsOf(events.filter(({ time }) => time <= latest))
  return { findings, points, counters: session.counters, watermarkMs, ...session.aside, failed }
}

export interface AnalysisInput extends Omit<DetectInput, 'states' | 'tick'> {
  /** Rows by key; all that `stateKeysOf` names, and those that `incidentKeysOf` names once the findings are known. */
  readonly state: ReadonlyMap<string, Json>
  readonly incidents?: IncidentSettings | undefined
  /** @default true */
  readonly tick?: boolean | undefined
}

export interface Analysis extends Detected {
  /** Rows to write; null: to remove. */
  readonly changed: ReadonlyMap<string, Json | null>
  readonly incidents: readonly IncidentChange[]
}

/**
 * One analysis of a batch of events: no database, no clock, the same result for the same events, however they are cut into
 * batches. For callers that have every row at hand (a simulation); the task loads what it needs between the two halves.
 */
export function analyse(input: AnalysisInput): Analysis {
  const states: Overlay = overlay(input.state)
  const detected = detect({ ...input, states, tick: input.tick ?? true })
  const folded = fold(detected.findings, states, input.incidents ?? readIncidentSettings(undefined))
  return {
    ...detected,
    findings: folded.findings.map(({ finding }) => finding),
    changed: states.changed,
    incidents: folded.changes,
  }
}

/** The state rows that judging these events needs. */
export const stateKeysOf = (
  events: readonly SecurityEvent[],
  rules: CompiledRules,
  settings?: TenantSettings,
): readonly string[] => rules.stateKeysOf(events, settings)

/** The state rows that folding these findings needs, but for the incidents that they name. */
export const incidentKeysOf = (findings: readonly Finding[]): readonly string[] => foldKeysOf(findings, riskKeyOf)

/** By event time, and by id where that is the same. */
export const inOrder = (a: SecurityEvent, b: SecurityEvent): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

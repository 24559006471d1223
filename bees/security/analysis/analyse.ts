import type { Json } from '../../../src/bee/index.ts'
import type { SecurityEvent } from '../events/event.ts'
import type { Finding } from '../findings.ts'
import type { Engine } from './engine.ts'
import { fold } from './fold.ts'
import { foldKeysOf } from './grouping.ts'
import type { IncidentChange } from './incident.ts'
import { type Point, pointsOf } from './points.ts'
import { riskKeyOf } from './risk.ts'
import { type IncidentSettings, readIncidentSettings } from './settings.ts'
import { type Overlay, overlay, type StateAccess } from './state-access.ts'
import type { Settings } from './tenant-settings.ts'

/** Events that claim to come from further ahead are judged by rules that look at one event alone, and count for nothing else. */
export const futureMs = 5 * 60_000

export interface DetectInput {
  readonly tenant: string
  /** Sorted by time and id. */
  readonly events: readonly SecurityEvent[]
  readonly states: StateAccess
  readonly rules: Engine<Settings>
  readonly settings: Settings
  readonly nowMs: number
}

export interface Detected {
  readonly findings: readonly Finding[]
  readonly points: readonly Point[]
  /** Greatest time of an event that is not in the future; 0 without one. */
  readonly watermarkMs: number
  readonly future: number
  /** Ids of events that a rule could not bear. They have been judged in part. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[]
}

/** First half of an analysis: events against rules. */
export function detect({ events, states, rules, settings, nowMs }: DetectInput): Detected {
  const findings: Finding[] = []
  const failed: { id: string; reason: string }[] = []
  const latest = nowMs + futureMs
  let watermarkMs = 0
  let future = 0
  for (const event of events) {
    if (event.time > latest) future += 1
    else if (event.time > watermarkMs) watermarkMs = event.time
    try {
      findings.push(...rules.run(event, states, settings, nowMs))
    } catch (thrown) {
      // A rule that breaks on an event must not stop everything behind it.
      failed.push({ id: event.id, reason: thrown instanceof Error ? thrown.name : typeof thrown })
    }
  }
  const points = pointsOf(events.filter(({ time }) => time <= latest))
  return { findings, points, watermarkMs, future, failed }
}

export interface AnalysisInput extends Omit<DetectInput, 'states'> {
  /** Rows by key; all that `stateKeysOf` names, and those that `foldKeysOf` names once the findings are known. */
  readonly state: ReadonlyMap<string, Json>
  readonly incidents?: IncidentSettings | undefined
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
  const detected = detect({ ...input, states })
  const folded = fold(detected.findings, states, input.incidents ?? readIncidentSettings(undefined))
  return {
    ...detected,
    findings: folded.findings.map(({ finding }) => finding),
    changed: states.changed,
    incidents: folded.changes,
  }
}

/** The state rows that judging these events needs. */
export function stateKeysOf(events: readonly SecurityEvent[], rules: Engine<Settings>): readonly string[] {
  const keys = new Set<string>()
  for (const event of events) for (const key of rules.keysOf(event)) keys.add(key)
  return [...keys]
}

/** The state rows that folding these findings needs, but for the incidents that they name. */
export const incidentKeysOf = (findings: readonly Finding[]): readonly string[] => foldKeysOf(findings, riskKeyOf)

/** By event time, and by id where that is the same. */
export const inOrder = (a: SecurityEvent, b: SecurityEvent): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

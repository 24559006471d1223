import { detect } from '../../bees/security/analysis/analyse.ts'
import { fold } from '../../bees/security/analysis/fold.ts'
import { readIncidentSettings } from '../../bees/security/analysis/settings.ts'
import type { StateAccess } from '../../bees/security/analysis/state-access.ts'
import type { SecurityEvent } from '../../bees/security/events/event.ts'
import type { Finding } from '../../bees/security/findings.ts'
import { type CompiledRules, loadRuleFolder } from '../../bees/security/rules/index.ts'
import type { Json } from '../../src/bee/index.ts'
import { epochMs, minute } from './clock.ts'
import { tenant } from './event-maker.ts'
import { type Alert, isTold, type Score, scoreOf } from './score.ts'
import { createWorld, type WorldOptions } from './world.ts'

/** What arrives together: in the task seconds or a few hundred events; here more, for speed. Batches do not change findings. */
const batchMs = 10 * minute

/** Cuts a day into batches. What was read from the past arrives with the first. */
function* batchesOf(events: readonly SecurityEvent[]): Generator<readonly SecurityEvent[]> {
  let from = 0
  for (let index = 1; index <= events.length; index += 1) {
    const first = events[from]
    if (first === undefined) return
    const next = events[index]
    if (next !== undefined && next.time < Math.max(first.time, epochMs) + batchMs) continue
    yield events.slice(from, index)
    from = index
  }
}

export interface Simulation {
  readonly score: Score
  readonly findings: readonly Finding[]
  readonly alerts: readonly Alert[]
  readonly seconds: number
}

/** A world from its first to its last event through the analysis of the Security Bee, and the score. */
export function simulate(options: WorldOptions, rules: CompiledRules = loadRuleFolder()): Simulation {
  const began = performance.now()
  const world = createWorld(options)
  const rows = new Map<string, Json>()
  const states: StateAccess = {
    get: (key) => rows.get(key),
    set: (key, row) => void (row === null ? rows.delete(key) : rows.set(key, row)),
  }
  const settings = {}
  const incidentSettings = readIncidentSettings(undefined)
  const findings: Finding[] = []
  const byKey = new Map<string, Finding[]>()
  const alerts: Alert[] = []
  let events = 0
  for (const today of world.stream) {
    events += today.length
    for (const batch of batchesOf(today)) {
      const nowMs = (batch.at(-1)?.time ?? 0) + 1000
      // The two halves of `analyse`, on rows that are changed in place.
      const result = detect({ tenant, events: batch, states, rules, settings, nowMs, sinceMs: epochMs, tick: true })
      if (result.failed.length > 0) throw new Error(`A rule failed: ${JSON.stringify(result.failed[0])}`)
      for (const finding of result.findings) {
        findings.push(finding)
        byKey.set(finding.key, [...(byKey.get(finding.key) ?? []), finding])
      }
      for (const incident of fold(result.findings, states, incidentSettings).changes) {
        if (incident.change !== 'opened' && incident.change !== 'raised') continue
        if (!isTold(incident.severity, incident.quiet)) continue
        const { severity, rules: names, entity, last_ms: timeMs } = incident
        const own = incident.findings.flatMap((key) => byKey.get(key) ?? [])
        alerts.push({ timeMs, severity, rules: names, entity, findings: own })
      }
    }
  }
  const { attacks, days } = world
  const score = scoreOf({ users: world.town.people.length, days, events, attacks }, findings, alerts)
  return { score, findings, alerts, seconds: (performance.now() - began) / 1000 }
}

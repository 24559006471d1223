import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyse } from '../../bees/security/analysis/analyse.ts'
import type { SecurityEvent } from '../../bees/security/events/event.ts'
import type { Finding } from '../../bees/security/findings.ts'
import { type CompiledRules, loadRules } from '../../bees/security/rules/index.ts'
import type { Json } from '../../src/bee/index.ts'
import { minute } from './clock.ts'
import { tenant } from './event-maker.ts'
import { type Alert, isTold, type Score, scoreOf } from './score.ts'
import { createWorld, type WorldOptions } from './world.ts'

const folder = join(import.meta.dirname, '../../bees/security/rules/detections')

/** The rules as they are shipped. */
export function shippedRules(): CompiledRules {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yml'))
  return loadRules(names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })))
}

/** Cuts a day into what arrives within one minute, as the task would see it. */
function* batchesOf(events: readonly SecurityEvent[]): Generator<readonly SecurityEvent[]> {
  let from = 0
  for (let index = 1; index <= events.length; index += 1) {
    const first = events[from]
    if (first === undefined) return
    const next = events[index]
    if (next !== undefined && next.time - first.time < minute) continue
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
export function simulate(options: WorldOptions, rules: CompiledRules = shippedRules()): Simulation {
  const began = performance.now()
  const world = createWorld(options)
  const state = new Map<string, Json>()
  const findings: Finding[] = []
  const byKey = new Map<string, Finding[]>()
  const alerts: Alert[] = []
  let events = 0
  for (const today of world.stream) {
    events += today.length
    for (const batch of batchesOf(today)) {
      const nowMs = (batch.at(-1)?.time ?? 0) + 1000
      const result = analyse({ tenant, events: batch, state, rules, settings: {}, nowMs })
      if (result.failed.length > 0) throw new Error(`A rule failed: ${JSON.stringify(result.failed[0])}`)
      for (const [key, row] of result.changed) {
        if (row === null) state.delete(key)
        else state.set(key, row)
      }
      for (const finding of result.findings) {
        findings.push(finding)
        byKey.set(finding.key, [...(byKey.get(finding.key) ?? []), finding])
      }
      for (const incident of result.incidents) {
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

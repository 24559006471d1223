import { type Json, type TaskContext, TerminalError, z } from '../../../src/bee/index.ts'
import { severities } from '../findings.ts'
import type { CompiledRules } from '../rules/index.ts'
import { detect, inOrder } from './analyse.ts'
import { fold } from './fold.ts'
import type { IncidentChange } from './incident.ts'
import { answer, range, settings } from './protocol.ts'
import { readEvents } from './read-events.ts'
import { readIncidentSettings } from './settings.ts'
import { overlay } from './state-access.ts'
import { settingsOf } from './tenant-settings.ts'

const most = { page: 1000, events: 200_000, rules: 100, incidents: 50 } as const

/** What stored events of some time would have come to, judged from nothing by the rules and settings of now. */
export const report = z.object({
  events: z.int(),
  set_aside: z.int(),
  /** Findings by rule, most first. */
  rules: z.array(z.object({ rule: z.string(), findings: z.int() })),
  /** Their number by severity. */
  incidents: z.partialRecord(z.enum(severities), z.int()),
  /** The gravest of them. */
  worst: z.array(
    z.object({
      incident: z.string(),
      severity: z.enum(severities),
      title: z.string(),
      explanation: z.string(),
      first_ms: z.int(),
      last_ms: z.int(),
      quiet: z.boolean(),
    }),
  ),
  /** The whole time was looked at. Otherwise: up to `until_ms`. */
  complete: z.boolean(),
  until_ms: z.int(),
})

export type Report = z.output<typeof report>

export interface RangeContext extends Pick<TaskContext<unknown, unknown>, 'read' | 'clock'> {
  readonly rules: CompiledRules
  readonly isOver: () => boolean
}

/**
 * Judges stored events once more. Begins without any state, so rules that have to learn first stay silent for as long as
 * they learn.
 * @throws TerminalError without a tenant, or for a time that ends before it begins
 */
export async function reportRange(
  tenant: string | undefined,
  { from, to }: { readonly from: string; readonly to: string },
  context: RangeContext,
): Promise<Report> {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  if (tenant === undefined) throw new TerminalError('range: expected a tenant beside it, received none')
  if (toMs <= fromMs) throw new TerminalError(`range: expected "to" after "from", received ${from} to ${to}`)
  const given = answer(settings, await context.read({ op: 'settings', tenant }), 'settings')
  const tenantSettings = settingsOf(given.settings)
  const state = new Map<string, Json>()
  const found = { events: 0, setAside: 0, untilMs: fromMs }
  const rules = new Map<string, number>()
  const incidents = new Map<string, IncidentChange>()
  let after = { ms: fromMs, id: '' }
  let complete = false
  while (!complete && !context.isOver() && found.events < most.events) {
    const payload = { op: 'range', tenant, after_ms: after.ms, after_id: after.id, to_ms: toMs, most: most.page }
    const read = answer(range, await context.read(payload), 'range')
    const rows = read.events.map((event, seq) => ({ seq, event }))
    const { events, setAside } = readEvents(tenant, rows)
    const states = overlay(state)
    const nowMs = context.clock.now()
    const detected = detect({
      ...{ tenant, events: [...events].sort(inOrder), states, rules: context.rules },
      ...{ settings: tenantSettings.rules, nowMs, tick: false },
    })
    const folded = fold(detected.findings, states, readIncidentSettings(tenantSettings.incidents))
    for (const [key, row] of states.changed) {
      if (row === null) state.delete(key)
      else state.set(key, row)
    }
    for (const { finding } of folded.findings) rules.set(finding.rule, (rules.get(finding.rule) ?? 0) + 1)
    for (const change of folded.changes) incidents.set(change.incident, change)
    found.events += events.length
    found.setAside += setAside.length
    after = { ms: read.last_ms, id: read.last_id }
    found.untilMs = read.more ? read.last_ms : toMs
    complete = !read.more
  }
  const all = [...incidents.values()]
  const grave = [...all].sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity))
  return {
    events: found.events,
    set_aside: found.setAside,
    rules: [...rules]
      .map(([rule, findings]) => ({ rule, findings }))
      .sort((a, b) => b.findings - a.findings)
      .slice(0, most.rules),
    incidents: Object.fromEntries(
      severities.map((severity) => [severity, all.filter((one) => one.severity === severity).length]),
    ),
    worst: grave
      .slice(0, most.incidents)
      .map(({ incident, severity, title, explanation, first_ms, last_ms, quiet }) => ({
        ...{ incident, severity, title, explanation, first_ms, last_ms, quiet },
      })),
    complete,
    until_ms: found.untilMs,
  }
}

import { type Json, z } from '../../../src/bee/index.ts'
import { confidences, type Entity, responses, severities } from '../findings.ts'
import { entity } from './incident.ts'
import type { StateAccess } from './state-access.ts'

/** What is remembered of an incident while it may go on. Bounded: some 10 KB at most, usually below 1 KB. */
const incidentState = z.object({
  v: z.literal(1),
  id: z.string(),
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  title: z.string(),
  entity,
  related: z.array(entity),
  /** Above 0: entities found no room in `related`. */
  more: z.number(),
  /** Of each rule: id, events that counted, when it last found something, what it said. */
  rules: z.array(z.object({ id: z.string(), events: z.number(), last: z.number(), text: z.string() })),
  /** Findings so far, and the keys of the newest. */
  count: z.number(),
  findings: z.array(z.string()),
  first: z.number(),
  last: z.number(),
  /** Event time up to which a finding continues it. */
  until: z.number(),
  response: z.enum(responses).nullable(),
  risk: z.number(),
  quiet: z.boolean(),
  /** All entities of one rule, none of them grave: grouped by the rule. */
  byRule: z.boolean(),
  x: z.number(),
})

export type IncidentState = z.output<typeof incidentState>

/** Where a finding finds the incident that it belongs to. */
const anchorState = z.object({ v: z.literal(1), incident: z.string(), until: z.number(), x: z.number() })

/** Past the end of an incident its rows are kept this long, for findings that come late. */
const keptMs = 24 * 3_600_000

export const incidentKeyOf = (id: string): string => `incident|${id}`

/** @returns undefined where none is known, or where it was over before that time */
export function incidentAt(states: StateAccess, anchor: string, fromMs: number): IncidentState | undefined {
  const found = anchorState.safeParse(states.get(anchor))
  if (!found.success || found.data.until < fromMs) return undefined
  const state = incidentState.safeParse(states.get(incidentKeyOf(found.data.incident)))
  return state.success ? state.data : undefined
}

export function writeIncident(states: StateAccess, incident: IncidentState): void {
  states.set(incidentKeyOf(incident.id), { ...incident, x: incident.until + keptMs } as Json)
}

/** Points an anchor to an incident, at least up to the time that it points to it already. */
export function writeAnchor(states: StateAccess, anchor: string, incident: string, untilMs: number): void {
  const before = anchorState.safeParse(states.get(anchor))
  const until = before.success && before.data.incident === incident ? Math.max(before.data.until, untilMs) : untilMs
  states.set(anchor, { v: 1, incident, until, x: until + keptMs })
}

export const sameEntity = (a: Entity, b: Entity): boolean => a.kind === b.kind && a.id === b.id

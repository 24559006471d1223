import { z } from '../../../src/bee/index.ts'
import { confidences, entityKinds, responses, severities } from '../findings.ts'

/**
 * What happened to an incident in one analysis: the message from the analysis to the alerts (security.note_incidents) and to
 * the responses (security.propose_plans), inside the transaction that made it true. It says everything about the incident as
 * it is now, so that a reader needs nothing else and may skip older ones.
 */
export const entity = z.strictObject({ kind: z.enum(entityKinds), id: z.string().min(1).max(320) })

/** What a rule asks for: whom its finding is about and the rung of the ladder. */
export const incidentWant = z.strictObject({
  /** Key of the finding. */
  finding: z.string().min(1).max(200),
  rule: z.string().min(1).max(100),
  rule_version: z.int().min(0),
  entity,
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  response: z.enum(responses),
})

export const incidentChanges = ['opened', 'raised', 'continued', 'closed'] as const

export const incidentChange = z.strictObject({
  /** Stable for as long as the incident lives, `inc_` and 24 hex digits. One that was closed may be opened again. */
  incident: z.string().regex(/^inc_[0-9a-f]{24}$/),
  /**
   * `opened`: it is new, or was closed and goes on. `raised`: its severity is higher than before. `continued`: more of the
   * same. `closed`: nothing more for the quiet period.
   */
  change: z.enum(incidentChanges),
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  title: z.string().min(1).max(300),
  /** Whom or what it is mostly about: the entity of its worst finding. */
  entity,
  /** Everything else that is involved, oldest first; at most 40. */
  related: z.array(entity).max(40),
  /** Ids of the rules that found something, in the order in which they did; at most 40. */
  rules: z.array(z.string().min(1).max(100)).max(40),
  /** Keys of its findings, the newest last; at most 50. */
  findings: z.array(z.string().min(1).max(200)).max(50),
  /** Event time of its first and last event, milliseconds. */
  first_ms: z.int().min(0),
  last_ms: z.int().min(0),
  /** Events that counted. */
  events: z.int().min(0),
  /** A few sentences for a person. */
  explanation: z.string().max(4000),
  /** The mildest rung that is adequate to the worst finding; null: tell only. */
  response: z.enum(responses).nullable(),
  /** Risk of its entity at `last_ms`, all rules together, with a half-life of 24 h. */
  risk: z.number().min(0),
  /** Every finding comes from rules on trial: kept and shown, tells nobody and does nothing. */
  quiet: z.boolean(),
  /** Findings that came with this change and ask for something; at most 50. */
  wants: z.array(incidentWant).max(50),
})

export type IncidentChange = Readonly<z.output<typeof incidentChange>>
export type IncidentWant = Readonly<z.output<typeof incidentWant>>

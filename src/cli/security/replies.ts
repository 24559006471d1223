import { z } from 'zod'

/** What bee_tasks.security__show__read answers, as far as it is shown. */
const severity = z.enum(['info', 'low', 'medium', 'high', 'critical'])
const entity = z.object({ kind: z.string(), id: z.string() })
const count = z.number().min(0)

const ownSetting = z.object({
  rule: z.string(),
  mode: z.enum(['on', 'quiet', 'off']).nullable(),
  settings: z.record(z.string(), z.json()),
  /** What counts for nothing; null: no analysis has looked since the last change. */
  problems: z.array(z.object({ setting: z.string(), received: z.string(), expected: z.string() })).nullable(),
  author: z.string().nullable(),
  reason: z.string().nullable(),
  changed_at: z.string(),
})

const silence = z.object({
  id: z.string(),
  rule: z.string().optional(),
  incident: z.string().optional(),
  kind: z.string().optional(),
  entity: z.string().optional(),
  ends_at: z.string(),
  reason: z.string(),
})

export const statusReply = z.object({
  tenant: z.string(),
  events: count,
  analysed_at: z.string().nullable(),
  watched_since: z.string().nullable(),
  watermark_ms: z.number().nullable(),
  waiting: count,
  waiting_s: count,
  set_aside: count,
  incidents: z.partialRecord(severity, count),
  streams: z.object({ all: count, learning: count }),
  plans_to_decide: count,
  circuits: count,
  messages: z.object({ dead: count, late: count }),
  silences: z.array(silence),
  settings: z.array(ownSetting),
  rules: z.array(
    z.object({
      rule: z.string(),
      findings: count,
      incidents: count,
      quiet: count,
      last_ms: z.number().nullable(),
      evaluations: count,
      hits: count,
      suppressed: count,
    }),
  ),
})

const incidentHead = z.object({
  id: z.string(),
  status: z.string(),
  severity,
  confidence: z.string(),
  title: z.string(),
  entity,
  quiet: z.boolean(),
  first_ms: z.number(),
  last_ms: z.number(),
  events: count,
  rules: z.array(z.string()),
})
export const incidentsReply = z.object({ incidents: z.array(incidentHead) })

const finding = z.object({
  key: z.string(),
  rule: z.string(),
  ruleVersion: z.number(),
  title: z.string(),
  severity,
  confidence: z.string(),
  entity,
  timeMs: z.number(),
  events: count,
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  explanation: z.string(),
  attack: z.array(z.string()),
  response: z.string().nullable(),
  quiet: z.boolean(),
})

const incident = z.object({
  incident: z.string(),
  status: z.string(),
  severity,
  confidence: z.string(),
  title: z.string(),
  entity,
  related: z.array(entity),
  rules: z.array(z.string()),
  first_ms: z.number(),
  last_ms: z.number(),
  events: count,
  explanation: z.string(),
  response: z.string().nullable(),
  risk: z.number(),
})
const event = z.looseObject({
  id: z.string(),
  time: z.string(),
  action: z.string(),
  status_id: z.number().optional(),
  src_ip: z.string().optional(),
  country: z.string().optional(),
  account: z.string().optional(),
  resource: z.string().optional(),
  error_code: z.string().optional(),
})
export const incidentReply = z.object({
  incident: incident.nullable(),
  findings: z.array(finding),
  events: z.array(event),
})

export type OwnSetting = z.output<typeof ownSetting>
export type StatusReply = z.output<typeof statusReply>
export type IncidentHead = z.output<typeof incidentHead>
export type IncidentReply = z.output<typeof incidentReply>

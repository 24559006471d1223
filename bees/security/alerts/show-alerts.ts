import { z } from '../../../src/bee/index.ts'
import { entityKinds, severities } from '../findings.ts'
import { defineSecurityTask } from '../services.ts'
import { atOf } from './protocol.ts'

/** Why a receiver is told then, or not at all. */
export const becauses = {
  critical: 'something critical does not wait',
  group_wait: 'what belongs to it is waited for',
  group_interval: 'there is news; the receiver was told something a moment ago',
  repeat_interval: 'it is still open: a reminder',
  acknowledged: 'somebody has taken it up',
  silenced: 'it is silenced until then',
  waiting: 'the message is made and will leave with the next run',
  sending: 'a hive is sending it; if that hive dies it is sent again then',
  retry: 'the last try failed',
  quiet: 'its rules are on trial',
  no_route: 'no route leads to a receiver',
  below_routes: 'no route asks for this severity and these rules',
  resolved: 'it is over and has been told',
} as const

const because = z.enum(Object.keys(becauses) as [keyof typeof becauses, ...(keyof typeof becauses)[]])
const ms = z.number().nullable()

const shown = z.object({
  notifications: z.array(
    z.object({
      incident: z.string(),
      severity: z.enum(severities),
      status: z.enum(['open', 'closed']),
      acknowledged: z.boolean(),
      route: z.string().nullable(),
      receiver: z.string().nullable(),
      notification: z.string().nullable(),
      messages: z.int().nullable(),
      told_ms: ms,
      next_ms: ms,
      because,
      problem: z.string().nullable(),
      attempts: z.int().nullable(),
    }),
  ),
  silences: z.array(
    z.object({
      id: z.string(),
      author: z.string(),
      reason: z.string(),
      rule: z.string().nullable(),
      incident: z.string().nullable(),
      entity: z.object({ kind: z.enum(entityKinds), id: z.string() }).nullable(),
      max_severity: z.enum(severities),
      ends_ms: z.number(),
    }),
  ),
  dead: z.array(
    z.object({
      id: z.string(),
      receiver: z.string(),
      event: z.string(),
      severity: z.enum(severities),
      problem: z.string().nullable(),
      status: z.int().nullable(),
      attempts: z.int(),
      settled_ms: ms,
    }),
  ),
})

export const showAlerts = defineSecurityTask({
  description: 'Who will be told of which incident when, and why; silences; what could not be sent.',
  input: z.strictObject({
    tenant: z.string().min(1).max(64),
    incident: z.string().min(1).max(100).optional(),
    limit: z.int().min(1).max(200).default(50),
  }),
  output: shown.extend({
    /** Receivers that routes name and this hive does not have. */
    unknown_receivers: z.array(z.string()),
  }),
  reads: true,
  run: async ({ input: { tenant, incident = null, limit }, services: { alerts }, read }) => {
    const answer = shown.parse(await read({ tenant, incident, limit, ...atOf(alerts) }))
    const named = answer.notifications.flatMap(({ receiver }) => (receiver === null ? [] : [receiver]))
    const unknown = [...new Set(named)].filter((name) => !alerts.channels.has(name)).sort()
    return { ...answer, unknown_receivers: unknown }
  },
})

import { z } from '../../../src/bee/index.ts'
import { confidences, entityKinds, responses, severities } from '../findings.ts'

const entity = z.object({ kind: z.enum(entityKinds), id: z.string().max(320) })

/** One incident as a message tells it. */
const toldIncident = z.object({
  incident: z.string().min(1).max(100),
  status: z.enum(['open', 'closed']),
  /** What the receiver did not know; null: told before. */
  news: z.enum(['new', 'raised', 'closed', 'acknowledged']).nullable(),
  acknowledged: z.boolean(),
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  title: z.string(),
  entity,
  related: z.array(entity),
  rules: z.array(z.string()),
  /** How many findings it has. */
  findings: z.int(),
  first_ms: z.number(),
  last_ms: z.number(),
  events: z.number(),
  explanation: z.string(),
  response: z.enum(responses).nullable(),
  risk: z.number(),
})

/**
 * What `security.make_delivery` stores and every notifier puts into its receiver's words: one message about a group of
 * incidents. It is made once; a repeated sending says the same.
 */
export const message = z.object({
  v: z.literal(1),
  /** Of the message: receivers know a repeat by it. */
  id: z.string().regex(/^msg_[0-9a-f]{24}$/),
  event: z.enum(['trigger', 'update', 'repeat', 'acknowledge', 'resolve']),
  because: z.string(),
  tenant: z.string(),
  /** Of the group's notification: the same from trigger to resolve. */
  notification: z.string().regex(/^ntf_[0-9a-f]{24}$/),
  /** 1 for the trigger. */
  number: z.int().min(1),
  route: z.string(),
  receiver: z.string(),
  group: z.object({ by: z.enum(['entity', 'rule', 'all']), key: z.string() }),
  /** The worst of those that are open, or of all when none is. */
  severity: z.enum(severities),
  /** Somebody has taken up every open one. */
  acknowledged: z.boolean(),
  open: z.int().min(0),
  /** Incidents beyond those that are listed. */
  more: z.int().min(0),
  /** When it was made, and the first event of it all; milliseconds since 1970. */
  at_ms: z.number(),
  since_ms: z.number(),
  /** News first, the worst first; at most 20. */
  incidents: z.array(toldIncident).min(1).max(20),
})

export type Message = Readonly<z.output<typeof message>>
export type ToldIncident = Readonly<z.output<typeof toldIncident>>

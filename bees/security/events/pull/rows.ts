import { z } from '../../../../src/bee/index.ts'
import { pullMarks } from './marks.ts'

/** What the read function of pull_auth_events answers. Its rows come from tables of somebody else: every member is loose. */
const text = z.string().nullish()

export const start = z.object({
  marks: pullMarks.nullable(),
  blocks: z.object({ audit: z.int().nullable(), sessions: z.int().nullable() }),
  auth_log: z.boolean(),
  now_ms: z.int(),
})

export const hookNotes = z.array(
  z.object({
    seq: z.int(),
    hook: z.enum(['password', 'mfa', 'user_created']),
    uid: z.string(),
    note: z.record(z.string(), z.unknown()),
    at_ms: z.int(),
  }),
)
export type HookNote = z.output<typeof hookNotes>[number]

export const auditEntries = z.array(
  z.object({
    id: z.string(),
    at_ms: z.int(),
    ...{ ip: text, action: text, actor: text, actor_name: text, target: text, target_name: text, provider: text },
  }),
)
export type AuditEntry = z.output<typeof auditEntries>[number]

export const sessionsSeen = z.array(
  z.object({
    id: z.string(),
    user_id: z.string(),
    seen_ms: z.int(),
    is_new: z.boolean().nullish(),
    ...{ aal: text, ip: text, user_agent: text },
  }),
)
export type SessionSeen = z.output<typeof sessionsSeen>[number]

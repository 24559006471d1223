import { z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { payloadOf } from './payload.ts'
import { actionResult, auditHead, modes, planDocument, planId, planStates, tenantName } from './plan.ts'
import { auditEntry } from './verify-audit.ts'

const approval = z.object({
  decision: z.enum(['approve', 'reject']),
  name: z.string(),
  kid: z.string(),
  reason: z.string(),
  digest: z.string(),
  process: z.string(),
  at: z.string(),
})

const onePlan = z.object({
  plan: planDocument,
  digest: z.string(),
  /** It is not the one that was proposed. */
  altered: z.boolean(),
  state: z.enum(planStates),
  note: z.string().nullable(),
  approved_until: z.string().nullable(),
  ended_at: z.string().nullable(),
  actions: z.array(
    actionResult.extend({
      acted_at: z.string().nullable(),
      verified_at: z.string().nullable(),
      facts: z.json().nullable(),
      /** Until when what it restricts is restricted; null when it restricts nothing any more. */
      until: z.string().nullable(),
    }),
  ),
  /** The last 20. */
  approvals: z.array(approval),
  /** The last 100 entries about this plan. */
  audit: z.array(auditEntry),
})

const overview = z.object({
  plans: z.array(
    z.object({
      plan: planId,
      state: z.enum(planStates),
      mode: z.enum(modes),
      note: z.string().nullable(),
      incident: z.string().nullable(),
      digest: z.string(),
      title: z.string(),
      severity: z.string(),
      confidence: z.string(),
      playbook: z.string(),
      actions: z.int(),
      radius: planDocument.shape.radius,
      proposed_at: z.string(),
      expires_at: z.string(),
    }),
  ),
  /** What is restricted now, the first to end first; at most 100. */
  restrictions: z.array(
    z.object({
      plan: planId,
      measure: z.enum(['deny', 'challenge', 'throttle', 'lock']),
      kind: z.string(),
      target: z.string(),
      until: z.string(),
    }),
  ),
  circuits: z.array(
    z.object({ id: z.int(), playbook: z.string(), brake: z.string(), plan: planId, opened_at: z.string() }),
  ),
  playbooks: z.array(
    z.object({
      playbook: z.string(),
      mode: z.enum(modes),
      set: z.boolean(),
      approvals: z.int(),
      first_at: z.string(),
    }),
  ),
  never_list: z.array(
    z.object({
      id: z.int(),
      tenant: z.string(),
      kind: z.string(),
      subject: z.string(),
      class: z.string(),
      author: z.string(),
      reason: z.string(),
      expires_at: z.string().nullable(),
    }),
  ),
  limits: z.json().nullable(),
  /** The end of the audit. */
  audit: auditHead,
  /** The audit from `audit_from` on, at most 300 entries, for `verifyAudit`. */
  chain: z.array(auditEntry),
})

/** One of the two: what was asked for. */
const shown = z.object({ one: onePlan.nullable(), all: overview.nullable() })

/** Everything that a person needs before a decision. Only reads. */
export const showResponse = defineSecurityTask({
  description:
    'Shows one response plan with its actions, approvals and audit, or the newest plans and what is in force.',
  input: z
    .strictObject({
      plan: planId.optional(),
      tenant: tenantName.optional(),
      state: z.enum(planStates).optional(),
      incident: z.string().max(64).optional(),
      audit_from: z.int().min(1).optional().describe('Also the audit from this number on, 300 entries.'),
      limit: z.int().min(1).max(50).default(20).describe('Plans at most.'),
    })
    .refine(({ plan, tenant }) => (plan === undefined) !== (tenant === undefined), 'expected a plan or a tenant'),
  output: shown,
  reads: true,
  run: async ({ input, read }) => shown.parse(await read(payloadOf(input, []))),
})

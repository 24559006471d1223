import { z } from '../../../src/bee/index.ts'
import { confidences, responses, severities } from '../findings.ts'

/** The words and shapes of responses, as SQL writes them. */
export const planId = z.string().regex(/^pln_[0-9a-f]{24}$/)
export const tenantName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._-]*$/)

export const modes = ['observe', 'dry_run', 'approve', 'auto'] as const
export const planStates = [
  'draft',
  'proposed',
  'approved',
  'executing',
  'done',
  'failed',
  'expired',
  'reverted',
  'refused',
] as const
export const actionStates = [
  'pending',
  'observed',
  'simulated',
  'done',
  'refused',
  'failed',
  'reverted',
  'over',
] as const

export const auditHead = z.object({ seq: z.int().min(0), hash: z.string().nullable() })

/** What became of one action. */
export const actionResult = z.object({
  n: z.int().min(1),
  do: z.enum(responses),
  state: z.enum(actionStates),
  /** The brake that held, or the SQLSTATE of what went wrong. */
  problem: z.string().nullable(),
  /** Users that it concerned. */
  users: z.int().min(0),
})

/** What became of a plan. `audit` is the end of the tenant's audit chain, which the receipt of the run so signs. */
export const planResult = z.object({
  plan: z.string(),
  /** Null: there is no such plan. */
  state: z.enum(planStates).nullable(),
  problem: z.string().nullable(),
  actions: z.array(actionResult),
  audit: auditHead.optional(),
})
export type PlanResult = z.output<typeof planResult>

export const target = z.strictObject({
  kind: z.enum(['user', 'session', 'ip', 'net', 'api_key']),
  id: z.string().min(1).max(320),
})

/** The document that people approve. Its digest is `digestOf` of it. */
export const planDocument = z.looseObject({
  v: z.literal(1),
  id: planId,
  tenant: z.string(),
  title: z.string(),
  reason: z.string(),
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  mode: z.enum(modes),
  playbook: z.string(),
  incident: z.string().nullish(),
  rules: z.record(z.string(), z.json()),
  evidence: z.array(z.string()),
  approvals: z.int(),
  proposer: z.looseObject({ kind: z.enum(['machine', 'person']), name: z.string().optional() }),
  proposed_at: z.string(),
  expires_at: z.string(),
  actions: z.array(
    z.looseObject({
      n: z.int(),
      do: z.enum(responses),
      target: z.object({ kind: z.string(), id: z.string() }),
      why: z.string().nullable(),
      /** Null: until a person takes it back. */
      duration_s: z.int().nullable(),
      inverse: z.string(),
      expected: z.object({ users: z.int(), sessions: z.int() }),
    }),
  ),
  /** What was asked for and is not part of the plan, with the reason. */
  held: z.array(z.looseObject({ because: z.string() })),
  /** Expected blast radius. */
  radius: z.object({ users: z.int(), sessions: z.int(), addresses: z.int() }),
})

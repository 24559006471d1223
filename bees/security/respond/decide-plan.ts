import { z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { payloadOf } from './payload.ts'
import { planId, planStates } from './plan.ts'

const decided = z.object({
  plan: z.string(),
  /** `noted`: more people have to approve. */
  decided: z.enum(['approved', 'rejected', 'noted', 'refused']),
  /** Why it was refused: machine, unknown_key, proposer, stale_digest, altered, state, expired, mode, never_list … */
  problem: z.string().nullable(),
  state: z.enum(planStates).nullable(),
  approvals: z.int(),
  approved_until: z.string().nullish(),
})

/** What a person thinks of a plan. Who it is says the key that signed the task's envelope, nothing in the input. */
export const decidePlan = defineSecurityTask({
  description: 'Approves or rejects a response plan, in the name of whoever signed the task.',
  input: z.strictObject({
    plan: planId,
    digest: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('Of the plan that was seen.'),
    decision: z.enum(['approve', 'reject']),
    reason: z.string().min(1).max(1000),
    from_ip: z.union([z.ipv4(), z.ipv6()]).optional().describe('Own address; this plan will not block it.'),
  }),
  output: decided,
  counts: ['approved', 'rejected', 'refused'],
  run: async ({ input, services, transact, count }) => {
    const { output } = await transact(payloadOf(input, services.approvers))
    const decision = decided.parse(output)
    if (decision.decided !== 'noted') count(decision.decided)
    return decision
  },
})

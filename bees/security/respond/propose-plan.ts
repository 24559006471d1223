import { z } from '../../../src/bee/index.ts'
import { responses } from '../findings.ts'
import { defineSecurityTask } from '../services.ts'
import { payloadOf } from './payload.ts'
import { planId, planStates, target, tenantName } from './plan.ts'

const proposed = z.object({
  plan: planId.nullable(),
  digest: z.string().nullish(),
  state: z.enum(planStates).nullish(),
  /** unknown_key, target, duration, nothing_to_do (everything is in force or on the never-list). */
  problem: z.string().nullable(),
})

/** A plan of a person. Somebody else has to approve it. */
export const proposePlan = defineSecurityTask({
  description: 'Stores a response plan that a person asks for; another person has to approve it.',
  input: z.strictObject({
    tenant: tenantName,
    title: z.string().min(1).max(300),
    reason: z.string().min(1).max(2000),
    mode: z.enum(['approve', 'dry_run']).default('approve'),
    actions: z
      .array(
        z.strictObject({
          do: z.enum(responses).exclude(['notify']),
          target,
          duration_s: z
            .int()
            .min(60)
            .max(2_678_400)
            .nullable()
            .optional()
            .describe('Null: until a person takes it back. Absent: as the ladder says.'),
        }),
      )
      .min(1)
      .max(20),
    from_ip: z.union([z.ipv4(), z.ipv6()]).optional().describe('Own address; the plan will not block it.'),
  }),
  output: proposed,
  run: async ({ input, services, transact }) => {
    const { output } = await transact(payloadOf(input, services.approvers))
    return proposed.parse(output)
  },
})

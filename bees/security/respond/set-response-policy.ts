import { z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { payloadOf } from './payload.ts'
import { modes, tenantName } from './plan.ts'

const reason = z.string().min(1).max(1000)
const count = z.int().min(0)
const outcome = z.object({ set: z.boolean(), problem: z.string().nullable(), id: z.string().nullable() })

/** Changes to what brakes and playbooks go by. SQL checks the limits once more where it reads them. */
export const setResponsePolicy = defineSecurityTask({
  description:
    'Sets a playbook, the limits or the never-list, or closes a circuit, in the name of whoever signed the task.',
  input: z.strictObject({
    change: z.discriminatedUnion('op', [
      z.strictObject({
        op: z.literal('playbook'),
        tenant: tenantName,
        reason,
        playbook: z.string().min(1).max(100).describe('Id of a rule; * bounds all of them.'),
        mode: z.enum(modes).nullable().describe('Null: observe for the first 14 days, approve afterwards.'),
        approvals: z.int().min(1).max(5).default(1).describe('How many different people have to approve.'),
      }),
      z.strictObject({
        op: z.literal('limits'),
        tenant: tenantName,
        reason,
        limits: z
          .strictObject({
            users_share: z.number().min(0).max(0.05).multipleOf(0.0001),
            users_floor: count,
            users_per_hour: count,
            ips_per_10_min: count,
            actions_per_hour: count,
            widest_v4: count,
            widest_v6: count,
            shared_address_users: count,
            jwt_lifetime_s: count,
            block_start_s: count,
            block_cap_s: count,
            admin_roles: z.array(z.string().min(1).max(64)).max(20),
          })
          .partial()
          .describe('What is not named stays as it is.'),
      }),
      z.strictObject({
        op: z.literal('never_add'),
        tenant: tenantName,
        reason,
        kind: z.enum(['net', 'user', 'api_key']),
        value: z.string().min(1).max(320),
        class: z.string().regex(/^[a-z_]{1,40}$/),
        expires_at: z.iso.datetime({ offset: true }).optional(),
      }),
      z.strictObject({ op: z.literal('never_remove'), tenant: tenantName, reason, id: z.int().min(1) }),
      z.strictObject({ op: z.literal('close_circuit'), tenant: tenantName, reason, id: z.int().min(1) }),
    ]),
  }),
  output: outcome,
  run: async ({ input, services, transact }) => {
    const { output } = await transact(payloadOf(input.change, services.approvers))
    return outcome.parse(output)
  },
})

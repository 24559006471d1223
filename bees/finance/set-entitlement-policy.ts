import { z } from '../../src/bee/index.ts'
import { defineFinanceTask } from './services.ts'

const usersPerStep = 500

const plan = z.strictObject({
  price: z.string().min(1).max(255).describe('Id of the price at Stripe.'),
  plan: z.string().min(1).max(200).describe('What it grants.'),
  rank: z.int().min(-1_000_000).max(1_000_000).describe('The highest rank wins where somebody has several.'),
})

const policy = z.strictObject({
  account: z
    .string()
    .regex(/^(self|acct_\w{1,200})$/)
    .default('self'),
  livemode: z.boolean(),
  past_due_grace_days: z.int().min(0).max(60).describe('How long past_due still grants, from the start of the period.'),
  dispute: z
    .enum(['keep', 'revoke_when_lost', 'revoke_while_open'])
    .describe('What a dispute of its payments does to a subscription.'),
  plans: z
    .array(plan)
    .max(1000)
    .refine((plans) => new Set(plans.map(({ price }) => price)).size === plans.length, 'each price once')
    .describe('All of them: a price that is not listed grants a plan called like its lookup key, or like the price.'),
})

const recomputed = z.object({ users: z.int().min(0), next: z.string().nullable() })

/**
 * Sets who may use what, for one account and mode, and computes every user's entitlement anew: the policy in one
 * transaction, the users in steps. A run that breaks off goes on where it was; events in the meantime follow the new policy.
 */
export const setEntitlementPolicy = defineFinanceTask({
  description: 'Sets plans, the grace of past_due and what disputes do, and recomputes every entitlement.',
  input: policy,
  output: z.object({ plans: z.int(), users: z.int() }),
  deadlineMs: 600_000,
  run: async ({ input, transact, signal }) => {
    const { account, livemode, past_due_grace_days, dispute, plans } = input
    await transact({ op: 'set', account, livemode, past_due_grace_days, dispute, plans })
    let users = 0
    let after: string | null = null
    do {
      signal.throwIfAborted()
      const { output } = await transact({ op: 'recompute', account, livemode, after, limit: usersPerStep })
      const step: z.output<typeof recomputed> = recomputed.parse(output)
      users += step.users
      after = step.next
    } while (after !== null)
    return { plans: plans.length, users }
  },
})

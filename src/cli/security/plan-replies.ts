import { z } from 'zod'

/** What bee_tasks.security__show_response__read and …show_alerts__read answer, as far as it is shown. */
const action = z.object({
  n: z.number(),
  do: z.string(),
  state: z.string(),
  problem: z.string().nullable(),
  until: z.string().nullish(),
})
const planned = z.object({
  n: z.number(),
  do: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  why: z.string().nullable(),
  duration_s: z.number().nullable(),
  expected: z.object({ users: z.number(), sessions: z.number() }),
})

const onePlan = z.object({
  plan: z.object({
    id: z.string(),
    title: z.string(),
    reason: z.string(),
    mode: z.string(),
    approvals: z.number(),
    proposer: z.looseObject({ kind: z.string(), name: z.string().optional() }),
    proposed_at: z.string(),
    expires_at: z.string(),
    actions: z.array(planned),
  }),
  digest: z.string(),
  altered: z.boolean(),
  state: z.string(),
  note: z.string().nullable(),
  actions: z.array(action),
  approvals: z.array(z.object({ decision: z.string(), name: z.string(), reason: z.string(), at: z.string() })),
})
export const onePlanReply = z.object({ one: onePlan.nullable() })

const planHead = z.object({
  plan: z.string(),
  state: z.string(),
  mode: z.string(),
  incident: z.string().nullable(),
  title: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  actions: z.number(),
  radius: z.looseObject({ users: z.number(), sessions: z.number(), addresses: z.number() }),
  proposed_at: z.string(),
  note: z.string().nullable(),
})
export const plansReply = z.object({
  all: z
    .object({
      plans: z.array(planHead),
      restrictions: z.array(
        z.object({
          plan: z.string(),
          measure: z.string(),
          kind: z.string(),
          target: z.string(),
          until: z.string(),
        }),
      ),
      circuits: z.array(z.object({ id: z.number(), playbook: z.string(), brake: z.string(), opened_at: z.string() })),
    })
    .nullable(),
})

export const alertsReply = z.object({
  notifications: z.array(
    z.object({
      receiver: z.string().nullable(),
      messages: z.number().nullable(),
      told_ms: z.number().nullable(),
      next_ms: z.number().nullable(),
      because: z.string(),
      problem: z.string().nullable(),
    }),
  ),
})

export type OnePlan = z.output<typeof onePlan>
export type Plans = NonNullable<z.output<typeof plansReply>['all']>
export type Notifications = z.output<typeof alertsReply>['notifications']

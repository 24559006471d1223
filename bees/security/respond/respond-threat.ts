import { type Json, type Transact, z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { payloadOf } from './payload.ts'
import { type PlanResult, planId, planResult } from './plan.ts'

const duePlans = z.object({ plans: z.array(z.string()) })
const begun = z.object({
  plan: z.string(),
  go: z.boolean(),
  state: planResult.shape.state,
  problem: z.string().nullable(),
  actions: z.array(z.int()).nullable(),
})
const acted = planResult.shape.actions.element

/**
 * Carries out stored plans and nothing else: each action in a transaction of its own, in which approval, digest, limits and
 * never-list are read once more. A repeat finds what is done and does the rest; so does a second executor.
 */
export const respondThreat = defineSecurityTask({
  description:
    'Carries out, takes back or verifies a stored response plan; without a plan, carries out all that are due.',
  input: z
    .strictObject({
      plan: planId.optional().describe('Absent: every plan that may be carried out now.'),
      operation: z.enum(['execute', 'revert', 'verify']),
      reason: z.string().min(1).max(1000).optional().describe('Why it is taken back.'),
    })
    .refine(({ plan, operation }) => plan !== undefined || operation === 'execute', 'expected a plan')
    .refine(({ reason, operation }) => reason !== undefined || operation !== 'revert', 'expected a reason'),
  output: z.object({ plans: z.array(planResult) }),
  deadlineMs: 120_000,
  counts: ['executed', 'held', 'reverted', 'wrong'],
  schedule: { everyS: 10, input: { operation: 'execute' } },
  run: async ({ input, services, transact, signal, count, log }) => {
    const people = payloadOf({}, services.approvers)['people'] ?? []
    if (input.operation !== 'execute') {
      const { output } = await transact({
        ...{ op: input.operation, plan: input.plan ?? '', people },
        ...(input.reason === undefined ? {} : { reason: input.reason }),
      })
      const result = planResult.parse(output)
      if (result.state === 'reverted') count('reverted')
      if ((problemsOf.parse(output).problems ?? []).length > 0) count('wrong')
      return { plans: [result] }
    }
    const plans = input.plan === undefined ? duePlans.parse((await transact({ op: 'due' })).output).plans : [input.plan]
    const results: PlanResult[] = []
    for (const plan of plans) {
      signal.throwIfAborted()
      const result = await execute(plan, people, transact)
      results.push(result)
      const held = result.actions.filter(({ state }) => state === 'refused' || state === 'failed')
      if (result.actions.some(({ state }) => state === 'done')) count('executed')
      if (held.length > 0) {
        count('held', held.length)
        log.warn('actions of a plan were not carried out', { plan, problem: held[0]?.problem, count: held.length })
      }
    }
    return { plans: results }
  },
})

const problemsOf = z.object({ problems: z.array(z.unknown()).optional() })

async function execute(plan: string, people: Json, transact: Transact): Promise<PlanResult> {
  const begin = begun.parse((await transact({ op: 'begin', plan, people })).output)
  if (begin.state === null) return { plan, state: null, problem: begin.problem, actions: [] }
  if (!begin.go && begin.problem === 'not_approved') {
    return { plan, state: begin.state, problem: begin.problem, actions: [] }
  }
  if (begin.go) {
    for (const n of begin.actions ?? []) acted.parse((await transact({ op: 'act', plan, n, people })).output)
  }
  const result = planResult.parse((await transact({ op: 'finish', plan, people })).output)
  return { ...result, problem: begin.problem ?? result.problem }
}

import { freshSteps, z } from '../../src/bee/index.ts'
import { figures, noFigures, sum } from './reconcile/figures.ts'
import { answer, begun } from './reconcile/protocol.ts'
import { runPass } from './reconcile/run-pass.ts'
import { defineFinanceTask } from './services.ts'
import { takeCounts } from './take.ts'

/** Kept for the last transactions and the close. */
const reserveMs = 30_000
/** More than one object can cost. */
const leastSteps = 20

/**
 * Compares what Stripe has with what we have: events that never came, open subscriptions, and what was made in the last days.
 * Whatever is different goes through the same transaction as any event, so running it at the wrong moment, twice or side by
 * side does no harm. A pass through a large account takes several runs; each goes on where the last one stopped.
 */
export const reconcileStripe = defineFinanceTask({
  description: 'Looks for what Stripe has and we do not: lost events, and rows that differ. Repairs and counts them.',
  input: z.object({
    /** Absent: the own one and every connected account that has been heard of. `self` is the own one. */
    account: z.union([z.literal('self'), z.string().regex(/^acct_\w{1,200}$/)]).optional(),
    /** Absent: the modes that there is a key for. */
    livemode: z.boolean().optional(),
    /** How far back objects are compared; Stripe keeps events for 30 days. */
    days: z.int().min(1).max(365).default(30),
    /** Younger differences are left alone, since their events are on their way. Seconds. */
    settle_s: z.int().min(0).max(120).default(20),
  }),
  output: figures.extend({
    /** Everything has been looked at, in this run and those before it that began the pass. */
    complete: z.boolean(),
    /** Why not; null also where only the time was up. */
    problem: z.enum(['unavailable', 'rate_limited', 'forbidden', 'no_key']).nullable(),
  }),
  deadlineMs: 300_000,
  concurrency: 1,
  counts: [...takeCounts, 'drift', 'lost_event', 'unreadable', 'problem'],
  schedule: { everyS: 3600, input: {} },
  run: async ({ input, transact, ...context }) => {
    const { lists } = context.services
    const modes = input.livemode === undefined ? lists.modes : lists.modes.filter((mode) => mode === input.livemode)
    if (modes.length === 0) {
      context.log.warn('nothing can be reconciled without a key of Stripe')
      context.count('problem')
      return { ...noFigures, complete: false, problem: 'no_key' as const }
    }
    const steps = await freshSteps(transact, { op: 'begin', account: input.account ?? null, modes })
    if (steps === undefined) return { ...noFigures, complete: false, problem: null }
    const isOver = () =>
      context.process.remainingMs() < reserveMs || steps.left() < leastSteps || context.shuttingDown.aborted
    const { tenants } = answer(begun, steps.output, 'begin')
    let all = { done: noFigures, complete: true, problem: null as Awaited<ReturnType<typeof runPass>>['problem'] }
    for (const tenant of tenants) {
      const end = await runPass(tenant, { ...context, steps, days: input.days, settleS: input.settle_s, isOver })
      all = {
        done: sum(all.done, end.done),
        complete: all.complete && end.complete,
        problem: all.problem ?? end.problem,
      }
    }
    if (all.done.unreadable > 0) context.count('unreadable', all.done.unreadable)
    if (all.problem !== null) context.count('problem')
    return { ...all.done, complete: all.complete, problem: all.problem }
  },
})

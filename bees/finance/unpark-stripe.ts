import { freshSteps, z } from '../../src/bee/index.ts'
import { appliedType } from './event-types.ts'
import { readEach } from './read-each.ts'
import { answer } from './reconcile/protocol.ts'
import { defineFinanceTask } from './services.ts'
import { asking } from './synthetic.ts'
import { takeCounts } from './take.ts'

const reserveMs = 10_000
const leastSteps = 20
/** Objects of one run at most; what is left is next minute's. */
const most = 200

/** Of the events that wait for Stripe: the objects they are about, the longest waiting first. */
const parked = z.object({
  objects: z.array(
    z.object({
      account: z.string(),
      livemode: z.boolean(),
      /** Of one of its events. */
      type: z.string(),
      object: z.string(),
      /** The latest of its waiting events, RFC 3339. */
      since: z.string(),
    }),
  ),
  events: z.int(),
  /** How long the first of them has waited, by the clock of the database; null when none waits. */
  oldest_age_s: z.number().nullable(),
})

/** Reads what could not be read when its events came: Stripe was away, its limit was reached, there was no key. */
export const unparkStripe = defineFinanceTask({
  description: 'Reads from Stripe what parked events wait for, and so settles them.',
  input: z.object({}),
  output: z.object({
    /** Objects that were read. */
    read: z.int(),
    /** Events that wait no more. */
    settled: z.int(),
    /** Events that still wait. */
    left: z.int(),
    /** How long the first of those has waited, seconds; null when none waits. */
    oldest_age_s: z.number().nullable(),
    /** Why some could not be read. */
    problem: z.enum(['unavailable', 'rate_limited', 'forbidden', 'no_key']).nullable(),
  }),
  deadlineMs: 60_000,
  concurrency: 1,
  counts: [...takeCounts, 'settled', 'left', 'problem'],
  schedule: { everyS: 60, input: {} },
  run: async ({ transact, ...context }) => {
    const ask = { op: 'parked', most }
    const steps = await freshSteps(transact, ask)
    if (steps === undefined) return { read: 0, settled: 0, left: 0, oldest_age_s: null, problem: null }
    const before = answer(parked, steps.output, 'parked')
    const { process, services, shuttingDown } = context
    let read = 0
    const { problem } = await readEach(
      before.objects.flatMap(({ type, ...object }) => {
        const kind = appliedType(type)?.kind
        return kind === undefined ? [] : [asking({ reason: 'unpark', process: process.id, kind, ...object })]
      }),
      {
        ...{ ...context, steps, reader: services.stripe },
        isOver: () => process.remainingMs() < reserveMs || steps.left() < leastSteps || shuttingDown.aborted,
        onTook: () => {
          read += 1
        },
      },
    )
    const after = before.events === 0 ? before : answer(parked, (await steps.transact(ask)).output, 'parked')
    const settled = Math.max(0, before.events - after.events)
    if (settled > 0) context.count('settled', settled)
    if (after.events > 0) context.count('left', after.events)
    if (problem !== null) context.count('problem')
    return { read, settled, left: after.events, oldest_age_s: after.oldest_age_s, problem }
  },
})

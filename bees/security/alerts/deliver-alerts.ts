import { freshSteps, z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { alertCounts, deliverDue, nothingDelivered } from './deliver-due.ts'

const count = z.int().min(0)

/** The sweep: what became due since an analysis last sent, retries, reminders, ends of silences. */
export const deliverAlerts = defineSecurityTask({
  description: 'Sends the alerts that are due: new, worse, still open, over; and those that could not be sent before.',
  input: z.object({}),
  output: z.object({ sent: count, retried: count, dead: count, held: count }),
  deadlineMs: 60_000,
  concurrency: 2,
  counts: alertCounts,
  schedule: { everyS: 10, input: {} },
  run: async ({ transact, services: { alerts }, ...context }) => {
    // The first step is nothing but a place to count from: what is claimed must belong to this assignment.
    const steps = await freshSteps(transact, { op: 'alerts_begin' })
    if (steps === undefined) return nothingDelivered
    return await deliverDue({ ...context, alerts, transact: steps.transact })
  },
})

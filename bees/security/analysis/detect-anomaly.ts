import { freshSteps, z } from '../../../src/bee/index.ts'
import { alertCounts } from '../alerts/deliver-due.ts'
import { defineSecurityTask } from '../services.ts'
import { alertSoon } from './alert-soon.ts'
import { detectStreams } from './detect-streams.ts'
import { type Anomaly, anomaly, dueStream } from './judge-stream.ts'
import { answer } from './protocol.ts'

/** Kept for the last transaction and the close. */
const reserveMs = 10_000
const leastSteps = 10
const most = { streams: 40, points: 1000, shown: 50, stale: 5 } as const
const due = z.object({ streams: z.array(dueStream) })

/**
 * Shows new points of metric streams to their detectors. What a detector remembers is stored in the transaction that takes
 * the points away, so each point is seen once. Anomalies become findings and incidents like those of rules.
 */
export const detectAnomaly = defineSecurityTask({
  description: 'Looks for what is unusual in metric streams, says what was expected and what came.',
  input: z.object({
    /** Absent: every tenant. */
    tenant: z.string().min(1).max(64).optional(),
    /** Names of streams. Absent: all that have something new. */
    streams: z.array(z.string().min(1).max(320)).min(1).max(100).optional(),
  }),
  output: z.object({
    /** Streams that were looked at, and points that were shown to their detectors. */
    streams: z.int(),
    points: z.int(),
    /** The newest of them, at most 50. */
    anomalies: z.array(anomaly),
    /** Streams among them that are still learnt, at most 50: nothing is judged there. */
    learning: z.array(z.object({ tenant: z.string(), stream: z.string() })),
    stale: z.int(),
    /** Nothing new is left. */
    complete: z.boolean(),
  }),
  deadlineMs: 60_000,
  reads: true,
  counts: ['points', 'anomalies', 'stale', ...alertCounts],
  schedule: { everyS: 60, input: {} },
  run: async ({ input, transact, ...context }) => {
    const done = { streams: 0, points: 0, anomalies: [] as Anomaly[], stale: 0, complete: false }
    const learning = new Map<string, { readonly tenant: string; readonly stream: string }>()
    const end = () => ({
      ...done,
      anomalies: done.anomalies.slice(-most.shown),
      learning: [...learning.values()].slice(0, most.shown),
    })
    const steps = await freshSteps(transact, { op: 'begin' })
    if (steps === undefined) return end()
    const isOver = () =>
      context.process.remainingMs() < reserveMs || steps.left() < leastSteps || context.shuttingDown.aborted
    const mine = {
      ...context,
      transact: steps.transact,
      mostPoints: most.points,
      isOver,
      alerts: context.services.alerts,
      rules: context.services.rules,
    }
    const alerting = alertSoon(mine)
    const ask = {
      ...{ op: 'due', tenant: input.tenant ?? null, streams: input.streams ?? null },
      ...{ most: most.streams, points: most.points },
    }
    let staleInARow = 0
    while (!isOver() && staleInARow < most.stale) {
      const { streams } = answer(due, await context.read(ask), 'due')
      if (streams.length === 0) {
        done.complete = true
        break
      }
      for (const [, ofTenant] of Map.groupBy(streams, ({ tenant }) => tenant)) {
        if (isOver()) break
        const result = await detectStreams(ofTenant, mine)
        if (result.outcome === 'stale') {
          staleInARow += 1
          done.stale += 1
          context.count('stale')
          continue
        }
        staleInARow = 0
        done.streams += ofTenant.length
        done.points += result.points
        done.anomalies.push(...result.anomalies)
        for (const one of ofTenant) learning.delete(`${one.tenant}|${one.stream}`)
        for (const one of result.learning) learning.set(`${one.tenant}|${one.stream}`, one)
        if (result.points > 0) context.count('points', result.points)
        if (result.anomalies.length > 0) context.count('anomalies', result.anomalies.length)
        await alerting.after(result.news)
      }
    }
    await alerting.end(false)
    return end()
  },
})

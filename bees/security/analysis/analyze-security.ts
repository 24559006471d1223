import { freshSteps, z } from '../../../src/bee/index.ts'
import { alertCounts } from '../alerts/deliver-due.ts'
import { defineSecurityTask } from '../services.ts'
import { alertSoon } from './alert-soon.ts'
import { analyseTenants } from './analyse-tenants.ts'
import { type Figures, figures, noFigures } from './figures.ts'
import { answer, begun } from './protocol.ts'
import { report, reportRange } from './report-range.ts'

/** Kept for the last transaction and the close. */
const reserveMs = 10_000
const leastSteps = 10

/**
 * Judges the events that wait, of one tenant or of all. Each page of events is consumed in one transaction with everything
 * that came of it, by whoever is first: a run that dies or that somebody else overtakes has changed nothing, and its repeat
 * begins where the last transaction ended. With `range` it looks at stored events once more and changes nothing at all.
 */
export const analyzeSecurity = defineSecurityTask({
  description: 'Judges security events by the rules: findings, risk and incidents, each event once.',
  input: z.object({
    /** Absent: everybody whose events wait. */
    tenant: z.string().min(1).max(64).optional(),
    /** Stored events of this time, RFC 3339, judged anew from nothing into a report. Needs a tenant. */
    range: z.object({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) }).optional(),
  }),
  output: figures.extend({
    /** Incidents that have gone quiet and were closed. */
    closed: z.int(),
    /** Nothing waits any more, or somebody else is at it. */
    complete: z.boolean(),
    /** Of a range. */
    report: report.nullable(),
  }),
  deadlineMs: 120_000,
  // A page that is too much for the database gets smaller instead of being tried again and again.
  retry: { tries: 2, baseMs: 200 },
  reads: true,
  counts: [
    ...Object.keys(noFigures),
    'closed',
    'settings_refused',
    ...['rule_evaluations', 'rule_hits', 'rule_suppressed', 'rule_findings', 'rule_latency_seconds'],
    ...alertCounts,
  ],
  schedule: { everyS: 10, input: {} },
  run: async ({ input, transact, ...context }) => {
    const nothing = { ...noFigures, closed: 0, report: null }
    const steps = await freshSteps(transact, {
      op: 'begin',
      tenant: input.tenant ?? null,
      range: input.range !== undefined,
    })
    if (steps === undefined) return { ...nothing, complete: false }
    const isOver = () =>
      context.process.remainingMs() < reserveMs || steps.left() < leastSteps || context.shuttingDown.aborted
    const { rules, alerts } = context.services
    if (input.range !== undefined) {
      const told = await reportRange(input.tenant, input.range, { ...context, rules, isOver })
      return { ...nothing, events: told.events, complete: told.complete, report: told }
    }
    const { tenants, silent, closed } = answer(begun, steps.output, 'begin')
    if (closed > 0) context.count('closed', closed)
    const mine = { ...context, rules, alerts, transact: steps.transact, isOver }
    const alerting = alertSoon(mine)
    const end = await analyseTenants([...tenants, ...silent], {
      ...mine,
      onPage: async ({ done, news, rules: asked, latencies }) => {
        for (const name of Object.keys(noFigures) as (keyof Figures)[]) {
          if (done[name] > 0) context.count(name, done[name])
        }
        for (const [rule, { evaluations, hits, suppressed }] of asked) {
          context.count('rule_evaluations', evaluations, rule)
          if (hits > 0) context.count('rule_hits', hits, rule)
          if (suppressed > 0) context.count('rule_suppressed', suppressed, rule)
        }
        for (const { rule, ms } of latencies) {
          context.count('rule_findings', 1, rule)
          context.count('rule_latency_seconds', ms / 1000, rule)
        }
        await alerting.after(news)
      },
    })
    await alerting.end(closed > 0)
    return { ...end.done, closed, complete: end.complete, report: null }
  },
})

import type { ServerContext } from '../context.ts'
import { memberOf } from '../membership.ts'
import type { Queryable } from '../store.ts'
import { type CreatedGraph, createGraph } from '../workflow/create-graph.ts'
import { findGraph, membersOf } from '../workflow/graph-store.ts'
import { joinJsonArrays } from '../workflow/json-arrays.ts'
import { inOrder } from '../workflow/resolve-members.ts'
import { parseWorkflowSpec } from '../workflow/workflow-spec.ts'
import { parseCronExpression, type Schedule } from './cron-expression.ts'
import { type Cron, dueCrons, lockCron, noteRun } from './cron-store.ts'
import { nextRun } from './next-run.ts'

/** Looks at the crons every `cronCheckerPeriodMs`. */
export function setUp(context: ServerContext): void {
  const { hooks, settings, timers } = context
  timers.every('crons', settings.cronCheckerPeriodMs, () => checkCrons(context))
  hooks.onColonyRemoved.push(async (colonyname, transaction) => {
    await transaction.query(`delete from $schema.crons where colonyname = $1`, [colonyname])
  })
}

/** One turn: computes the time of crons that have none, starts those whose time has come. One bad cron stops no other. */
async function checkCrons(context: ServerContext): Promise<void> {
  const nowUs = context.clock.nowUs()
  for (const cronid of await dueCrons(nowUs, context.store)) {
    try {
      const created = await context.store.transaction(async (transaction) => {
        const cron = await lockCron(cronid, transaction)
        if (cron === undefined || cron.nextrun >= nowUs) return undefined
        if (cron.nextrun > 0) return await startCron(cron, transaction, context)
        const nextrun = nextRunUs(cron, context)
        if (nextrun > 0) await noteRun({ ...cron, nextrun }, transaction)
        return undefined
      })
      created?.announce()
    } catch (thrown) {
      context.logger.warn({ err: thrown, cronid }, 'cron could not be run')
    }
  }
}

/**
 * Runs a cron by hand, at once.
 * @returns the cron as it was before the run, whether or not it ran; undefined when there is none
 */
export async function runCron(cronid: string, context: ServerContext): Promise<Cron | undefined> {
  const { cron, created } = await context.store.transaction(async (transaction) => {
    const cron = await lockCron(cronid, transaction)
    return { cron, created: cron === undefined ? undefined : await startCron(cron, transaction, context) }
  })
  created?.announce()
  return cron
}

/** Creates the workflow of a cron and notes the run; does nothing while the previous run must be waited for. */
async function startCron(
  cron: Cron,
  transaction: Queryable,
  context: ServerContext,
): Promise<CreatedGraph | undefined> {
  if (cron.waitforprevprocessgraph) {
    const previous = await findGraph(cron.prevprocessgraphid, transaction)
    // A cancelled run holds its cron until it is removed, as in the original.
    if (previous !== undefined && previous.state !== 2 && previous.state !== 3) return undefined
  }
  const spec = parseWorkflowSpec(cron.workflowspec)
  const initiator = memberOf(spec.colonyname, cron.initiatorid, context, false)
  if (initiator === undefined) throw new Error('the initiator of the cron no longer exists')
  const rootInputs = await leafOutputs(cron.prevprocessgraphid, transaction)
  const created = await createGraph(spec, { initiator, rootInputs }, transaction, context)
  const { processgraphid } = created.graph
  const ran = { lastrun: context.clock.nowUs(), nextrun: nextRunUs(cron, context), prevprocessgraphid: processgraphid }
  await noteRun({ ...cron, ...ran }, transaction)
  return created
}

/** What the leaves of the previous run gave out goes into the roots of the next one. */
async function leafOutputs(processgraphid: string, transaction: Queryable): Promise<string | undefined> {
  const members = await membersOf([processgraphid], transaction)
  const leaves = inOrder(members).filter((member) => member.children.length === 0)
  return joinJsonArrays(leaves.map((leaf) => leaf.out))
}

/** The end of the times that this server counts in, in the year 2255. */
const lastUs = 9_000_000_000_000_000

/** Microseconds since 1970; 0 = never. An interval counts from now, so such crons drift. */
function nextRunUs(cron: Cron, { clock, settings }: ServerContext): number {
  const nowUs = clock.nowUs()
  if (cron.interval > 0) return Math.min(nowUs + cron.interval * 1_000_000, lastUs)
  const schedule = scheduleOf(cron.cronexpression, settings.timeZone)
  const nextMs = schedule === undefined ? undefined : nextRun(schedule, nowUs / 1000)
  return nextMs === undefined ? 0 : nextMs * 1000
}

/** Expressions of crons with other negative intervals were not checked when they were added. */
function scheduleOf(expression: string, timeZone: string): Schedule | undefined {
  try {
    return parseCronExpression(expression, timeZone)
  } catch {
    return undefined
  }
}

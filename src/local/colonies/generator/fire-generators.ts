import type { ServerContext } from '../context.ts'
import { memberOf } from '../membership.ts'
import type { Queryable } from '../store.ts'
import { type CreatedGraph, createGraph } from '../workflow/create-graph.ts'
import { parseWorkflowSpec } from '../workflow/workflow-spec.ts'
import { type Generator, lockGenerator, queueSize } from './generator-store.ts'

/** Looks at the generators every `generatorCheckerPeriodMs`. */
export function setUp(context: ServerContext): void {
  const { hooks, settings, timers } = context
  timers.every('generators', settings.generatorCheckerPeriodMs, () => checkGenerators(context))
  hooks.onColonyRemoved.push(async (colonyname, transaction) => {
    await transaction.query(`delete from $schema.generators where colonyname = $1`, [colonyname])
  })
}

/** One turn over the generators that have something queued. One bad generator stops no other. */
async function checkGenerators(context: ServerContext): Promise<void> {
  const packed = await context.store.query<{ readonly generatorid: string }>(
    `select distinct generatorid from $schema.generatorargs`,
  )
  for (const { generatorid } of packed) {
    try {
      await fire(generatorid, context)
    } catch (thrown) {
      context.logger.warn({ err: thrown, generatorid }, 'generator could not be fired')
    }
  }
}

/** Starts one workflow per full trigger, or one with what is there when it has waited too long. */
async function fire(generatorid: string, context: ServerContext): Promise<void> {
  const created = await context.store.transaction(async (transaction) => {
    const generator = await lockGenerator(generatorid, transaction)
    if (generator === undefined) return []
    const size = await queueSize(generatorid, transaction)
    const runs = Math.floor(size / generator.trigger)
    if (runs === 0 && !isOverdue(generator, context.clock.nowUs())) return []
    const perRun = runs === 0 ? size : generator.trigger
    const graphs: CreatedGraph[] = []
    for (let run = 0; run < Math.max(1, runs); run += 1) {
      graphs.push(await startRun(generator, perRun, transaction, context))
    }
    return graphs
  })
  for (const graph of created) graph.announce()
}

/** Counted in whole seconds from the last run, or from the first argument ever. */
function isOverdue({ timeout, firstpack, lastrun }: Generator, nowUs: number): boolean {
  const sinceUs = lastrun > 0 ? lastrun : firstpack
  if (timeout <= 0 || sinceUs === 0) return false
  return Math.floor(nowUs / 1_000_000) > Math.floor(sinceUs / 1_000_000) + timeout
}

/** Takes the oldest arguments off the queue and starts the workflow with them, in one commit. */
async function startRun(
  generator: Generator,
  count: number,
  transaction: Queryable,
  context: ServerContext,
): Promise<CreatedGraph> {
  const spec = parseWorkflowSpec(generator.workflowspec)
  const initiator = memberOf(spec.colonyname, generator.initiatorid, context, false)
  if (initiator === undefined) throw new Error('the initiator of the generator no longer exists')
  const rows = await transaction.query<{ readonly arg: string }>(
    `with taken as (
       delete from $schema.generatorargs where ordinal in (
         select ordinal from $schema.generatorargs where generatorid = $1 order by ordinal limit $2
       ) returning ordinal, arg
     )
     select arg from taken order by ordinal`,
    [generator.generatorid, count],
  )
  const rootArgs = rows.map((row) => row.arg)
  const created = await createGraph(spec, { initiator, rootArgs }, transaction, context)
  await transaction.query(`update $schema.generators set lastrun = $2 where generatorid = $1`, [
    generator.generatorid,
    context.clock.nowUs(),
  ])
  return created
}

/** The cleanup: unregisters executors that have not asked for work for too long, and drops what retention lets go. */

import type { ServerContext } from './context.ts'
import { unregister } from './unregister.ts'

export function setUp(context: ServerContext): void {
  context.timers.every('cleanup', context.settings.cleanupIntervalS * 1000, async () => {
    await unregisterStale(context)
    await dropExpired(context)
  })
}

async function unregisterStale(context: ServerContext): Promise<void> {
  const { staleExecutorDurationS } = context.settings
  if (staleExecutorDurationS <= 0) return
  const limitUs = context.clock.nowUs() - staleExecutorDurationS * 1_000_000
  const executors = context.directory.colonies().flatMap((colony) => context.directory.executors(colony.name))
  for (const executor of executors) {
    // Executors that never asked have no sign of life to grow old.
    if (executor.state === 3 || executor.lastheardfromtime === 0 || executor.lastheardfromtime >= limitUs) continue
    context.logger.info(
      { executor: executor.executorname, colony: executor.colonyname },
      'silent executor unregistered',
    )
    await unregister(executor, context)
  }
}

async function dropExpired(context: ServerContext): Promise<void> {
  const { retentionS } = context.settings
  if (retentionS <= 0) return
  const limitUs = context.clock.nowUs() - retentionS * 1_000_000
  await context.store.query(
    `with dropped as (
       delete from $schema.processes where state = 2 and processgraphid = '' and submissiontime < $1 returning processid
     )
     delete from $schema.attributes where targetid in (select processid from dropped)`,
    [limitUs],
  )
  await context.store.query(`delete from $schema.logs where timestampns < $1::bigint * 1000`, [limitUs])
}

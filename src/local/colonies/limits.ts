/** The limits on execution and waiting, looked at once every `releasePeriodMs`, by whole seconds like the original. */

import { type Change, changeProcess } from './change-process.ts'
import type { ServerContext } from './context.ts'
import { waitDeadline } from './funcspec.ts'
import { encode } from './json.ts'
import type { ProcessRow } from './process-row.ts'

/** Clients match these two texts. */
const execLimitText = 'Maximum execution time limit exceeded'
const waitLimitText = 'Maximum waiting time limit exceeded'
/** How many of each kind one turn handles; the rest follows a moment later. */
const batch = 1000

const overdueSql = `
  (select processid from $schema.processes
   where state = 1 and maxexectime <> -1 and execdeadline < $1 order by execdeadline limit ${batch})
  union all
  (select processid from $schema.processes
   where state = 0 and maxwaittime not in (0, -1) and waitdeadline < $1 order by waitdeadline limit ${batch})`

export function setUp(context: ServerContext): void {
  context.timers.every('limits', context.settings.releasePeriodMs, () => enforceLimits(context))
}

async function enforceLimits(context: ServerContext): Promise<void> {
  const nowUs = context.clock.nowUs()
  const thisSecondUs = nowUs - (nowUs % 1_000_000)
  const overdue = await context.store.query<{ readonly processid: string }>(overdueSql, [thisSecondUs])
  for (const { processid } of overdue) {
    try {
      await changeProcess(processid, context, (process) => judge(process, thisSecondUs, context))
    } catch (thrown) {
      // One process that cannot be changed must not keep the others from their limits.
      context.logger.error({ err: thrown, processid }, 'a limit could not be enforced')
    }
  }
}

/** What is due now: the process may have changed since it was found overdue. */
function judge(process: ProcessRow | undefined, thisSecondUs: number, context: ServerContext): Change {
  if (process?.state === 1 && process.maxexectime !== -1 && process.execdeadline < thisSecondUs) {
    const exhausted = process.maxretries > -1 && process.retries >= process.maxretries
    return exhausted ? failed(execLimitText, context) : requeued(process, context)
  }
  const limitsWaiting = process?.maxwaittime !== 0 && process?.maxwaittime !== -1
  if (process?.state === 0 && limitsWaiting && process.waitdeadline < thisSecondUs)
    return failed(waitLimitText, context)
  return {}
}

function failed(error: string, context: ServerContext) {
  const set = { state: 3, errors: encode([error]), endtime: context.clock.nowUs() } as const
  return { set, shown: {} }
}

/** The start time stays, the end time is set, and subscribers are shown the old count: as in the original. */
export function requeued(process: ProcessRow, context: ServerContext) {
  const nowUs = context.clock.nowUs()
  const extra = context.faults.strike(['extra_retries'])
  const added = 1 + (extra === undefined ? 0 : (extra.retries ?? 1))
  return {
    set: {
      state: 0,
      isassigned: false,
      assignedexecutorid: '',
      retries: process.retries + added,
      endtime: nowUs,
      waitdeadline: waitDeadline(process.maxwaittime, nowUs),
    },
    shown: {
      retries: process.retries,
      assignedexecutorid: process.assignedexecutorid,
      waitdeadline: process.waitdeadline,
    },
  } as const
}

import type { Handler, HandlerTable, ServerContext } from '../context.ts'
import { decode, struct, text } from '../decode.ts'
import type { Executor } from '../directory.ts'
import { memberOf, requireColony, requireServerOwner } from '../membership.ts'
import { broken } from '../refusal.ts'
import { reply, silence } from '../reply.ts'

const empty = {
  colonies: 0,
  executors: 0,
  activeexecutors: 0,
  unregisteredexecutors: 0,
  waitingprocesses: 0,
  runningprocesses: 0,
  successfulprocesses: 0,
  failedprocesses: 0,
  cancelledprocesses: 0,
  waitingworkflows: 0,
  runningworkflows: 0,
  successfulworkflows: 0,
  failedworkflows: 0,
  cancelledworkflows: 0,
}

/** Whole server: the counters that the original does not fill stay 0. */
const serverStatistics: Handler = async (_message, caller, context) => {
  requireServerOwner(caller, context)
  const colonies = context.directory.colonies()
  const executors = colonies.flatMap((colony) => context.directory.executors(colony.name))
  requireReadable(executors)
  const [waiting, running, successful, failed] = await countProcesses(undefined, context)
  return reply({
    ...empty,
    colonies: colonies.length,
    executors: executors.filter((one) => one.state !== 3).length,
    waitingprocesses: waiting ?? 0,
    runningprocesses: running ?? 0,
    successfulprocesses: successful ?? 0,
    failedprocesses: failed ?? 0,
  })
}

const colonyStatistics: Handler = async (message, caller, context) => {
  const { colonyname } = decode(struct({ colonyname: text }), message)
  requireColony(colonyname, context)
  if (memberOf(colonyname, caller.id, context) === undefined) return silence
  const executors = context.directory.executors(colonyname)
  requireReadable(executors)
  const [waiting, running, successful, failed, cancelled] = await countProcesses(colonyname, context)
  const others = await Promise.all(context.hooks.onStatistics.map((hook) => hook(colonyname)))
  return reply({
    ...empty,
    colonies: context.directory.colonies().length,
    executors: executors.length,
    activeexecutors: executors.filter((one) => one.state === 1).length,
    unregisteredexecutors: executors.filter((one) => one.state === 3).length,
    waitingprocesses: waiting ?? 0,
    runningprocesses: running ?? 0,
    successfulprocesses: successful ?? 0,
    failedprocesses: failed ?? 0,
    cancelledprocesses: cancelled ?? 0,
    ...Object.assign({}, ...others),
  })
}

/** Number of processes in the states 0 to 4, of one colony or of all. */
async function countProcesses(colonyname: string | undefined, context: ServerContext): Promise<readonly number[]> {
  const rows = await context.store.query<{ readonly state: number; readonly count: string }>(
    `select state, count(*) as count from $schema.processes where $1::text is null or colonyname = $1 group by state`,
    [colonyname ?? null],
  )
  const counts = new Map(rows.map((row) => [row.state, Number(row.count)]))
  return [0, 1, 2, 3, 4].map((state) => counts.get(state) ?? 0)
}

/** The original cannot read back executors with a colon in their name and fails. */
function requireReadable(executors: readonly Executor[]): void {
  if (executors.some((one) => one.executorname.includes(':'))) throw broken('the name of an executor contains a colon')
}

export const handlers: HandlerTable = {
  getstatisticsmsg: serverStatistics,
  getcolonystatsmsg: colonyStatistics,
}

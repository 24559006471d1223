import { assignOne } from '../assignment.ts'
import { changeProcess } from '../change-process.ts'
import type { Caller, Handler, HandlerTable, ServerContext } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import type { Executor } from '../directory.ts'
import { requeued } from '../limits.ts'
import { notMember, requireMember } from '../membership.ts'
import { processJson } from '../process-json.ts'
import type { ProcessRow } from '../process-row.ts'
import { broken, malformed, missing, Refusal } from '../refusal.ts'
import { reply } from '../reply.ts'
import { parseCpu, parseMemory } from '../units.ts'
import { unregister } from '../unregister.ts'
import type { WorkRequest } from '../waiters.ts'

const request = struct({ colonyname: text, timeout: integer, availablecpu: text, availablemem: text })

/** Node's timers hold no longer times; nobody polls for longer. */
const maxTimeoutS = 2_000_000

const assign: Handler = async (message, caller, context) => {
  const { colonyname, timeout, availablecpu, availablemem } = decode(request, message)
  const member = requireMember(colonyname, caller, context)
  if (timeout === 0) throw malformed('the timeout must not be zero')
  if (member.kind !== 'executor') throw broken('the caller is not an executor')
  const work: WorkRequest = {
    executor: member.executor,
    availableCpu: availablecpu === '' ? Number.POSITIVE_INFINITY : parseCpu(availablecpu),
    availableMem: availablemem === '' ? Number.POSITIVE_INFINITY : parseMemory(availablemem),
  }
  const process =
    timeout < 0
      ? await attempt(work, context)
      : await longPoll(work, performance.now() + Math.min(timeout, maxTimeoutS) * 1000, caller, context)
  if (process === undefined) throw nothing(colonyname, timeout, context)
  context.events.emit(process)
  const complete = await withInputs(process, context)
  await takeAway(process, member.executor, context)
  const shown = context.settings.exclusiveAssign ? { ...complete, execdeadline: 0 } : complete
  return reply(processJson(shown, context.formatTime, 0))
}

/** One try; also a sign of life. While the colony is paused nothing is tried. */
async function attempt(work: WorkRequest, context: ServerContext): Promise<ProcessRow | undefined> {
  const { colonyname, executorname, executorid } = work.executor
  const current = context.directory.executor(colonyname, executorname)
  // An executor that was removed during its long-poll must not be given work any more.
  if (current?.state !== 1 || current.executorid !== executorid) throw notMember(colonyname)
  const nowUs = context.clock.nowUs()
  context.directory.heard(work.executor, nowUs)
  if (context.directory.colony(colonyname)?.paused === true) return undefined
  return await assignOne(work, nowUs, context.settings, context.store)
}

/** Tries, waits for an announcement and tries again, with a last try at the deadline. */
async function longPoll(
  work: WorkRequest,
  deadlineMs: number,
  { signal }: Caller,
  context: ServerContext,
): Promise<ProcessRow | undefined> {
  const waiter = context.waiters.join(work)
  let taken: string | undefined
  try {
    for (;;) {
      waiter.beginAttempt()
      const process = await attempt(work, context)
      taken = process?.processid
      if (process !== undefined || performance.now() >= deadlineMs) return process
      await waiter.wait(deadlineMs, signal)
      // A client that hung up must not be given work.
      signal.throwIfAborted()
    }
  } finally {
    waiter.leave(taken)
  }
}

/** Two faults in which the executor goes on with what is not its own any more. */
async function takeAway(process: ProcessRow, executor: Executor, context: ServerContext): Promise<void> {
  const fault = context.faults.strike(['unregister_executor', 'requeue_running'])
  if (fault?.kind === 'unregister_executor') await unregister(executor, context)
  if (fault?.kind === 'requeue_running') {
    await changeProcess(process.processid, context, (found) => (found?.state === 1 ? requeued(found, context) : {}))
  }
}

async function withInputs(process: ProcessRow, context: ServerContext): Promise<ProcessRow> {
  if (process.processgraphid === '') return process
  let complete = process
  for (const hook of context.hooks.onAssign) complete = await hook(complete, context.store)
  return complete
}

function nothing(colonyname: string, timeout: number, context: ServerContext): Refusal {
  if (context.directory.colony(colonyname)?.paused !== true) return missing('no process can be assigned')
  const status = timeout < 0 ? 503 : 408
  return new Refusal(status, `assignments of colony <${colonyname}> are paused`)
}

export const handlers: HandlerTable = { assignprocessmsg: assign }

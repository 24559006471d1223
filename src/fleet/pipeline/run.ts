import { type TaskContext, taskCount } from '../../bee/index.ts'
import { type BeeError, toBeeError } from '../../errors.ts'
import { raceAbort } from '../../resilience/index.ts'
import { publish } from '../publish.ts'
import { scrubError } from '../scrub-error.ts'
import { taskLog } from '../task-log.ts'
import { type Admission, advance, type Ending, endingOf, type TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'
import { createRead } from './read.ts'
import type { Step } from './step.ts'
import { createTransact } from './transact.ts'

/** Runs the handler under its deadline and turns whatever comes of it into an ending. */
export const run: Step = async (record, bench) => {
  if (record.ending !== null || record.admission === null) return record
  const { admission } = record
  const { transact, results, finish } = createTransact(record, admission, bench)
  const context: TaskContext<unknown, unknown> = Object.freeze({
    input: admission.input,
    transact,
    read: createRead(record, admission, bench),
    process: processFacts(record, admission, bench),
    log: taskLog(bench.log, admission.hide),
    signal: bench.reins.signal,
    shuttingDown: bench.reins.shuttingDown,
    services: bench.services,
    clock: bench.clock,
    count: taskCount(admission.task, (what, by, part) =>
      bench.metrics.taskCount(record.bee.name, admission.task.name, what, by, part),
    ),
  })
  const ended = await call(admission, context, bench).then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  )
  await finish()
  const ending =
    'value' in ended
      ? concluded(ended.value, admission, results(), bench)
      : unfinished(scrubError(reasonOf(ended.thrown, bench), admission.hide), admission)
  return advance(record, { ending, transactions: results() })
}

/** The handler's value. A handler that ignores its signal is waited for a little while, then left behind as stuck. */
async function call(admission: Admission, context: TaskContext<unknown, unknown>, bench: Workbench): Promise<unknown> {
  const { signal } = bench.reins
  if (signal.aborted) throw signal.reason
  // Started in a microtask, so that a handler that throws before its first await is a rejection like any other.
  const handler = Promise.resolve().then(() => admission.task.run(context))
  try {
    return await raceAbort(handler, signal)
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
  let settled = false
  const end = handler.then(
    () => {
      settled = true
    },
    () => {
      settled = true
    },
  )
  await Promise.race([end, bench.clock.sleep(bench.abortGraceMs)])
  if (settled) return handler
  bench.log.error({ code: 'BEE_DEADLINE' }, 'the handler ignores its signal and is left behind')
  bench.onStuck(end)
  throw signal.reason
}

/** After an abort the signal's reason tells more than the error that it caused, unless that one settles the matter. */
function reasonOf(thrown: unknown, { reins }: Workbench): BeeError {
  const error = toBeeError(thrown, 'BEE_HANDLER_FAILED')
  if (!reins.signal.aborted) return error
  const reason = toBeeError(reins.signal.reason)
  return error.failure === 'terminal' && reason.failure !== 'fenced' ? error : reason
}

function concluded(
  value: unknown,
  admission: Admission,
  transactions: TaskRecord['transactions'],
  bench: Workbench,
): Ending {
  if (bench.reins.signal.aborted) {
    const reason = toBeeError(bench.reins.signal.reason)
    // Out of time or shutting down, but done: that counts. Cancelled or lost: it is not ours to conclude.
    if (reason.failure === 'fenced') return { kind: 'dropped', error: reason }
  }
  try {
    const published = publish(admission.task, value, bench.maxOutputChars)
    const replayed = transactions.length > 0 && transactions.every(({ outcome }) => outcome === 'replayed')
    return { kind: 'done', outcome: replayed ? 'replayed' : 'applied', published }
  } catch (thrown) {
    return endingOf(scrubError(toBeeError(thrown, 'BEE_OUTPUT_INVALID'), admission.hide))
  }
}

/**
 * A run of a standing order whose slot another process has used: the work is done, so nobody need be told of a failure.
 * The nonce is looked at before anything else, so nothing of this process has been committed.
 */
function unfinished(error: BeeError, { standing }: Admission): Ending {
  if (!standing || error.code !== 'BEE_ENVELOPE_REPLAYED') return endingOf(error)
  return { kind: 'done', outcome: 'replayed', published: { skipped: error.code } }
}

function processFacts({ assignment, bee }: TaskRecord, { submitter }: Admission, { colony, clock, reins }: Workbench) {
  return Object.freeze({
    id: assignment.processId,
    colony,
    bee: bee.name,
    task: assignment.task,
    executor: assignment.executor,
    retries: assignment.fence.retries,
    submitter,
    submittedAt: assignment.submittedAt,
    remainingMs: () => Math.max(0, reins.abortAtMs - clock.monotonicMs()),
    ownershipLost: reins.ownershipLost,
  })
}

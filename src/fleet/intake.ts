import type { Bee } from '../bee/index.ts'
import { toBeeError } from '../errors.ts'
import type { Log, TaskOutcome } from '../telemetry/index.ts'
import type { Assignment } from './broker.ts'
import { createBrokerClock } from './broker-clock.ts'
import type { FleetOptions, FleetTuning } from './fleet-options.ts'
import type { Owned, Ownership } from './ownership.ts'
import { runPipeline } from './pipeline.ts'
import type { ReceiptWriter } from './receipt-writer.ts'
import type { Sessions } from './sessions.ts'
import type { Slot, Slots } from './slots.ts'
import { newRecord, type TaskRecord } from './task-record.ts'
import { createUsualRun } from './usual-run.ts'
import type { Workbench } from './workbench.ts'

export interface IntakePorts {
  readonly options: FleetOptions
  readonly tuning: FleetTuning
  readonly log: Log
  readonly writer: ReceiptWriter
  readonly ownership: Ownership
  readonly slots: Slots
  readonly sessions: Sessions
}

export interface Intake {
  /** Builds the bee's services. @throws what the bee throws */
  prepare(): Promise<void>
  /** A process that a poll brought; `openMs`: how long the poll was open. */
  deliver(assignment: Assignment, openMs: number): void
  /** A process that the broker's list names as ours. */
  adopt(assignment: Assignment): void
  /** From now on only what is likely to end before `untilMs` (monotonic) is run; the rest is to be given back. */
  drainUntil(untilMs: number): void
  /** From now on nothing is run. */
  refuse(): void
  /** Processes that were not run because of the two above. */
  readonly refused: number
}

const LEAST_MARGIN_MS = 100
const MOST_MARGIN_MS = 2_000

/** From an assignment to a slot: claims it, gives it its deadline, runs it through the pipeline, counts its outcome. */
export function createIntake(bee: Bee, ports: IntakePorts): Intake {
  const { options, tuning, log, ownership, slots, sessions, writer } = ports
  const { clock, metrics } = options
  const brokerClock = createBrokerClock()
  const usualRun = createUsualRun()
  const refused = new Set<string>()
  let services: unknown = null
  let acceptUntilMs = Number.POSITIVE_INFINITY

  /** What cannot be given back is begun in any case: it may still end in time. */
  const fits = ({ task }: Assignment): boolean => {
    const leftMs = acceptUntilMs - clock.monotonicMs()
    return leftMs > 0 && (!options.broker.canGiveBack || usualRun.ms(task) <= leftMs)
  }

  const take = (assignment: Assignment, lateMs: number): void => {
    if (ownership.knows(assignment)) return
    if (!fits(assignment)) {
      refused.add(assignment.processId)
      return
    }
    const task = bee.tasks.get(assignment.task)
    const budgetMs = Math.min(assignment.budgetMs ?? task?.deadlineMs ?? tuning.unknownBudgetMs, tuning.maxBudgetMs)
    const marginMs = Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, budgetMs * tuning.marginRatio))
    const deadlineMs = clock.monotonicMs() + budgetMs - lateMs
    const owned = ownership.claim(assignment, { deadlineMs, abortAtMs: deadlineMs - marginMs })
    if (owned === null) return
    let started = false
    let leave = (): void => {}
    // While it waits for its task's limit: out of time, cancelled or lost means that it need not wait any longer.
    const giveUp = (): void => {
      leave()
      const { code, failure } = toBeeError(owned.signal.reason)
      log.warn({ process: assignment.processId, task: assignment.task, code }, 'a waiting process was never started')
      owned.release(failure === 'fenced' ? 'finished' : 'left')
    }
    leave = slots.enter({
      task: assignment.task,
      limit: task?.concurrency,
      run: (slot) => {
        started = true
        owned.signal.removeEventListener('abort', giveUp)
        return work(owned, slot)
      },
    })
    if (!started) owned.signal.addEventListener('abort', giveUp, { once: true })
  }

  const work = async (owned: Owned, slot: Slot): Promise<void> => {
    const { assignment } = owned
    const startedMs = clock.monotonicMs()
    const task = bee.tasks.has(assignment.task) ? assignment.task : 'unknown'
    metrics.taskStarted(bee.name, task, Math.max(0, assignment.assignedAt - assignment.submittedAt))
    const taskLog = log.child({ process: assignment.processId, task, retries: assignment.fence.retries })
    const bench: Workbench = {
      colony: options.colony,
      clock,
      log: taskLog,
      ledger: options.ledger,
      services,
      metrics,
      trusted: options.trustedKeys,
      signer: sessions.of(assignment.executor).signer,
      writer,
      closer: closerFor(owned),
      reins: owned,
      maxInputChars: tuning.maxInputChars,
      maxOutputChars: tuning.maxOutputChars,
      abortGraceMs: tuning.abortGraceMs,
      onStuck: (settled) => slot.stuck(settled),
      onStep: options.onStep,
    }
    const record = await runPipeline(newRecord(bee, assignment, clock.now()), bench)
    const outcome = outcomeOf(record, options.broker.canGiveBack)
    const runMs = clock.monotonicMs() - startedMs
    usualRun.learn(assignment.task, runMs)
    if (record.closing?.kind === 'refused') metrics.closeRefused(bee.name)
    metrics.taskFinished(bee.name, task, outcome, runMs)
    report(taskLog, record, outcome, runMs)
    if (record.ending?.kind === 'failed' && record.ending.error.code.startsWith('BEE_ENVELOPE_')) {
      const where = `${bee.name}/${task}`
      options.notify?.({ what: 'envelope_refused', where, code: record.ending.error.code })
    }
    owned.release(isOver(record) ? 'finished' : 'left')
  }

  const closerFor = (owned: Owned): Workbench['closer'] => {
    const { broker } = sessions.of(owned.assignment.executor)
    return {
      markClosing: () => owned.markClosing(),
      close: (processId, output, budget) => broker.close(processId, output, budget),
      fail: (processId, errors, budget) => broker.fail(processId, errors, budget),
    }
  }

  return {
    async prepare() {
      services = await bee.services(options.env)
    },
    deliver: (assignment, openMs) => take(assignment, brokerClock.delayMs(assignment.assignedAt, clock.now(), openMs)),
    adopt: (assignment) => take(assignment, brokerClock.ageMs(assignment.assignedAt, clock.now())),
    drainUntil(untilMs) {
      acceptUntilMs = untilMs
    },
    refuse() {
      acceptUntilMs = Number.NEGATIVE_INFINITY
    },
    get refused() {
      return refused.size
    },
  }
}

/** Whether the broker needs nothing more from us; otherwise it still counts the process as ours until its limit. */
function isOver({ ending, closing }: TaskRecord): boolean {
  if (ending === null || ending.kind === 'left') return false
  return ending.kind === 'dropped' || closing?.kind !== 'error'
}

function outcomeOf({ ending }: TaskRecord, canGiveBack: boolean): TaskOutcome {
  if (ending === null) return 'retryable'
  if (ending.kind === 'done') return ending.outcome
  if (ending.kind === 'failed') return 'failed'
  const { code } = ending.error
  if (ending.kind === 'dropped') return code === 'BEE_CANCELLED' || code === 'BEE_REVOKED' ? 'cancelled' : 'fenced'
  return code === 'BEE_SHUTTING_DOWN' && canGiveBack ? 'given_back' : 'retryable'
}

function report(log: Log, { ending }: TaskRecord, outcome: TaskOutcome, runMs: number): void {
  const facts = { outcome, runMs: Math.round(runMs) }
  if (ending === null || ending.kind === 'done') {
    log.info(facts, 'task done')
    return
  }
  const { code, message } = ending.error
  const told = { ...facts, code, reason: message }
  if (ending.kind === 'failed') log.warn(told, 'task failed')
  else if (ending.kind === 'left') log.warn(told, 'task left to the broker')
  else log.info(told, 'task dropped')
}

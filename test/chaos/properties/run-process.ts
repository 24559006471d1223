import type { FinanceServices } from '../../../bees/finance/services.ts'
import { parseInput, parseOutput, type Task } from '../../../src/bee/index.ts'
import { digestOf, type Json } from '../../../src/canonical.ts'
import { BeeError, toBeeError } from '../../../src/errors.ts'
import type { Fence } from '../../../src/ledger/index.ts'
import { type Executor, hexOf, type Play, wayMs } from './play.ts'
import { runOnce } from './run-once.ts'

/** What is handed in at the broker, or run at once where the broker is away. */
export interface Process {
  readonly id: string
  readonly task: Task
  readonly input: Json
  readonly services: (executor: Executor) => FinanceServices
}

export interface Ended {
  readonly process: string
  readonly key: string | null
  /** As its schema has parsed it. */
  readonly output: unknown
}

export interface Assigned extends Process {
  readonly executor: Executor
  readonly fence: Fence
  readonly key: string | null
  readonly inputDigest: string
  /** By the virtual clock. */
  readonly deadlineMs: number
  /** The last ones run undisturbed, so that every process comes to an end. */
  readonly calm: boolean
}

/** Assignments that may be disturbed. */
const disturbed = 4
const most = 12

/**
 * One process from its queue to its end, as the broker sees it: handed out, handed out again under a higher fence when
 * nobody closed it in time or when its executor is gone, while the one that had it before may still be at it.
 *
 * @throws the terminal error of a run, and an error when the process never ends
 */
export async function runProcess(play: Play, process: Process): Promise<Ended> {
  const { time, random, figures } = play
  const input = parseInput(process.task, process.input)
  const key = process.task.key?.(input) ?? null
  const inputDigest = digestOf(process.input)
  let retries = 0
  let last = ''
  for (let round = 0; round < most; round += 1) {
    await time.sleep(wayMs(play))
    const assigned: Assigned = {
      ...process,
      key,
      inputDigest,
      executor: random.pick(play.executors),
      fence: { retries, starttime: starttimeOf(time.now(), round) },
      deadlineMs: time.now() + process.task.deadlineMs,
      calm: round >= disturbed,
    }
    figures.runs += 1
    const run = runOnce(play, assigned, input).then(
      (output) => ({ output: parseOutput(process.task, output), error: undefined }),
      (thrown: unknown) => ({ output: undefined, error: toBeeError(thrown, 'BEE_HANDLER_FAILED') }),
    )
    const ended = await Promise.race([run, time.sleep(process.task.deadlineMs)])
    if (ended !== undefined && ended.error === undefined) return { process: process.id, key, output: ended.output }
    last = ended?.error === undefined ? 'nobody closed it' : `${ended.error.code}: ${ended.error.message}`
    if (ended?.error?.failure === 'terminal' || ended?.error?.code === 'BEE_TRANSACTION_MISSING')
      throw new Error(`the process ended as failed: ${last}`, { cause: ended.error })
    // An executor that was taken off the register leaves `retries` as it is.
    if (random.boolean(0.8)) retries += 1
  }
  throw new BeeError('BEE_INTERNAL', `a process did not end in ${most} assignments; the last time: ${last}`)
}

const directMs = 3_000
const againMs = 60_000

/**
 * A delivery while the broker is away: the webhook runs the task itself, under an id that hangs on the business key. When
 * that does not end well in time it answers 503, and Stripe sends the event again; by then the broker is back.
 */
export async function runDirectly(play: Play, process: Process): Promise<Ended> {
  const { time, random, figures } = play
  const input = parseInput(process.task, process.input)
  const key = process.task.key?.(input) ?? null
  const executor = { id: `direct:${random.integer(0, 3)}`, skewMs: random.pick(play.executors).skewMs }
  const assigned: Assigned = {
    ...process,
    id: `direct:${hexOf(process.task.name, key ?? '')}`,
    key,
    inputDigest: digestOf(process.input),
    executor,
    // By its hive's own clock: a later run takes over from one that died.
    fence: { retries: 0, starttime: new Date(time.now() + executor.skewMs).toISOString() },
    deadlineMs: time.now() + directMs,
    calm: false,
  }
  figures.runs += 1
  const run = runOnce(play, assigned, input).then(
    (output): Ended => ({ process: assigned.id, key, output: parseOutput(process.task, output) }),
    () => undefined,
  )
  const ended = await Promise.race([run, time.sleep(directMs)])
  if (ended !== undefined) return ended
  await time.sleep(againMs)
  return await runProcess(play, process)
}

/** Microseconds, as the broker writes them; two assignments never have the same. */
const starttimeOf = (nowMs: number, round: number): string =>
  new Date(nowMs).toISOString().replace('Z', `${String(round).padStart(3, '0')}Z`)

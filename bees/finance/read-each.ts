import type { Clock, FreshSteps, ProcessFacts, TaskLog } from '../../src/bee/index.ts'
import { TerminalError } from '../../src/bee/index.ts'
import type { Heard } from './normalise.ts'
import { type ReadProblem, StripeReadError, type StripeReader } from './stripe/reader.ts'
import { type Took, takeWithReads } from './take.ts'

export interface ReadEachTools {
  readonly steps: FreshSteps
  readonly reader: StripeReader
  readonly process: Pick<ProcessFacts, 'remainingMs'>
  readonly signal: AbortSignal
  readonly clock: Pick<Clock, 'sleep'>
  readonly count: (name: string, by?: number) => void
  readonly log: Pick<TaskLog, 'warn'>
  /** Looked at before each. */
  readonly isOver: () => boolean
  readonly onTook: (heard: Heard, took: Took) => void
}

export interface ReadEnd {
  /** False: some were not come to. */
  readonly finished: boolean
  /** The last one that some of them met. */
  readonly problem: ReadProblem | null
}

/** One object that changes all the time, or that nobody may read, must not keep the others waiting; an outage may. */
const mostInARow = 3

/**
 * Takes one after the other, reading from Stripe where that is needed. Nothing is parked: what cannot be read is left as it
 * is, for the next time.
 */
export async function readEach(all: readonly Heard[], tools: ReadEachTools): Promise<ReadEnd> {
  const { steps, reader, process, signal, clock, count, log } = tools
  let problem: ReadProblem | null = null
  let inARow = 0
  for (const heard of all) {
    signal.throwIfAborted()
    if (tools.isOver() || inARow >= mostInARow) return { finished: false, problem }
    try {
      const took = await takeWithReads(heard, {
        ...{ transact: steps.transact, reader, process, signal, clock, count, log, park: false },
      })
      inARow = 0
      tools.onTook(heard, took)
    } catch (thrown) {
      if (thrown instanceof StripeReadError) problem = thrown.problem
      else if (thrown instanceof TerminalError)
        log.warn('an object of Stripe cannot be understood', { kind: heard.target?.kind })
      else throw thrown
      if (problem === 'unavailable' || problem === 'rate_limited') inARow += 1
    }
  }
  return { finished: inARow < mostInARow, problem }
}

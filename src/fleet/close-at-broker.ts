import { ColoniesError } from '../colonies/index.ts'
import { BeeError } from '../errors.ts'
import { type Clock, fullJitterMs } from '../resilience/index.ts'
import type { BrokerCallOptions, CloseOutcome, ProcessView } from './broker.ts'

export interface CloseAtBroker {
  readonly clock: Clock
  readonly random: () => number
  readonly budget: BrokerCallOptions
  readonly wanted: 'success' | 'failed'
  readonly executor: string
  readonly send: () => Promise<void>
  readonly read: () => Promise<ProcessView | null | 'unknown'>
}

const BACKOFF = { tries: 1, baseMs: 100, factor: 2, capMs: 2_000 }

/**
 * Closes a process, repeating while the answer stays unknown and the budget lasts. Both closes are safe to repeat: a
 * second `closesuccessful` changes nothing, a second `closefailed` is refused and the state then tells that it is done.
 */
export async function closeAtBroker(close: CloseAtBroker): Promise<CloseOutcome> {
  let last: BeeError | null = null
  for (let failures = 1; ; failures += 1) {
    if (close.clock.monotonicMs() >= close.budget.deadlineMs) {
      return { kind: 'error', error: last ?? new BeeError('BEE_DEADLINE', 'no budget was left for the close') }
    }
    const error = await close.send().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error === null) return { kind: 'closed' }
    last = new BeeError('BEE_BROKER_UNAVAILABLE', error instanceof Error ? error.message : 'the close failed', {
      cause: error,
    })
    if (!(error instanceof ColoniesError) || error.kind === 'aborted' || error.kind === 'invalid') {
      return { kind: 'error', error: last }
    }
    const decided = await judge(close, error, failures)
    if (decided !== null) return decided
    await close.clock.sleep(fullJitterMs(failures, BACKOFF, close.random), close.budget.signal)
  }
}

/** What a failed close means; null: nothing is known, so it is repeated. */
async function judge(close: CloseAtBroker, error: ColoniesError, failures: number): Promise<CloseOutcome | null> {
  if (error.kind === 'forbidden') return { kind: 'refused', state: 'foreign' }
  // 400, 404 and 500 are the server's words for "finished already" and "no such process", and for its own troubles.
  if (error.kind !== 'rejected' && error.kind !== 'failed' && error.kind !== 'not_found') return null
  const view = await close.read()
  if (view === 'unknown') return null
  if (view === null) return { kind: 'refused', state: 'missing' }
  if (view.executor !== close.executor) return { kind: 'refused', state: 'foreign' }
  if (view.state === close.wanted && failures > 1) return { kind: 'closed' }
  if (view.state !== 'running') return { kind: 'refused', state: view.state }
  if (error.kind !== 'rejected') return null
  return { kind: 'error', error: new BeeError('BEE_BROKER_REFUSED', error.message, { cause: error }) }
}

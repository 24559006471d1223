import type { Json } from '../canonical.ts'
import type { Transact, TransactOptions } from './types.ts'

/** Steps of one assignment of a process, out of the way of those before it. */
export interface FreshSteps {
  /** What the first transaction returned. */
  readonly output: Json
  readonly transact: Transact
  /** How many transactions this run may still make. */
  left(): number
}

const stepsOfARun = 1000
/** The ledger numbers them up to 10 000. */
const mostRuns = 10
/** A receipt speaks of 1000 transactions; the looking for a free place needs some of them. */
const mostCalls = stepsOfARun - mostRuns

/**
 * For a task whose steps depend on what something outside shows at the moment. When such a process starts again, the answers that are
 * stored for its steps are to other questions, so every assignment numbers its own: the first in 1 to 1000, the next one
 * in 1001 to 2000. What it does in them must be safe to repeat by itself.
 *
 * @param first payload of the first transaction
 * @returns undefined when the process has been started so often that no numbers are left
 */
export async function freshSteps(transact: Transact, first: Json): Promise<FreshSteps | undefined> {
  for (let run = 0; run < mostRuns; run += 1) {
    let step = run * stepsOfARun + 1
    const began = await transact(first, { step })
    if (began.outcome === 'replayed') continue
    let calls = 1
    return {
      output: began.output,
      transact: (payload?: Json, _options?: TransactOptions) => {
        step += 1
        calls += 1
        return transact(payload, { step })
      },
      left: () => mostCalls - calls,
    }
  }
  return undefined
}

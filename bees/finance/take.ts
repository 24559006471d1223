import { type Clock, type ProcessFacts, type TaskLog, type Transact, z } from '../../src/bee/index.ts'
import type { Heard } from './normalise.ts'
import { toldOf } from './objects/told-of.ts'
import type { Outcome, ReadFacts, ReadOrder, Taken } from './steps.ts'
import { StripeReadError, type StripeReader } from './stripe/reader.ts'
import { taken } from './taken.ts'

/** What `takeWithReads` counts: a task that uses it declares these. */
export const takeCounts: readonly string[] = Object.freeze(['applied', 'stale', 'parked', 'ignored', 'read', 'reread'])

/** Reads before an event is parked: each further one means that somebody else changed the object in the meantime. */
const mostRounds = 4
const readMs = 8000
/** Kept for the transaction after a read, and for closing; of a short budget a third. */
const reserveMs = 5000
/** A read that has less than this is not begun. */
const leastReadMs = 250

export interface TakeTools {
  readonly transact: Transact
  readonly reader: StripeReader
  readonly signal: AbortSignal
  readonly process: Pick<ProcessFacts, 'remainingMs'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly count: (name: string, by?: number) => void
  readonly log?: Pick<TaskLog, 'warn'> | undefined
  /** Number of the first transaction in the task's run. @default 1 */
  readonly firstStep?: number | undefined
  /** False: throw the StripeReadError instead of parking. @default true */
  readonly park?: boolean | undefined
}

export interface Took {
  readonly outcome: Outcome
  /** Whether a row is different now. */
  readonly changed: boolean
  /** False where an earlier run of the process had done it. */
  readonly fresh: boolean
  /** For the task's next transaction. */
  readonly nextStep: number
}

/**
 * Brings what was heard into the tables: offers it, and where its order cannot be known reads the object from Stripe and
 * comes back with the ticket. Nothing has been applied until the transaction that ends it. What cannot be read (Stripe is
 * away, there is no key, no time is left, the object changes faster than it is read) is parked in the database.
 *
 * No clock of this machine says anything about order: tickets come from the database, bounds from Stripe's own clock and a
 * monotonic duration.
 *
 * @throws StripeReadError only with `park: false`; TerminalError for an object that cannot be; whatever `transact` throws
 */
export async function takeWithReads(heard: Heard, tools: TakeTools): Promise<Took> {
  const { transact, process, count, log, firstStep = 1, park = true } = tools
  const endMs = Math.min(reserveMs, process.remainingMs() / 3)
  let step = firstStep
  const offer = async (reads: readonly ReadFacts[], parked: boolean): Promise<[Taken, boolean]> => {
    const { head, target, facts } = heard
    const { output, outcome } = await transact({ head, target, facts, reads, park: parked }, { step })
    step += 1
    return [answerOf(output), outcome === 'applied']
  }

  let [answer, fresh] = await offer([], false)
  for (let round = 1; answer.decision === 'read'; round += 1) {
    if (round > 1) count('reread')
    try {
      if (round > mostRounds) throw new StripeReadError('unavailable', `changed during each of ${mostRounds} reads`)
      ;[answer, fresh] = await offer(await readAll(answer.reads, heard, tools, endMs), false)
    } catch (thrown) {
      if (!(thrown instanceof StripeReadError) || !park) throw thrown
      log?.warn('an event is parked, since its object could not be read from Stripe', {
        event: heard.head.event,
        problem: thrown.problem,
      })
      // What an earlier run has stored for a step answers another question: the next one is free.
      do [answer, fresh] = await offer([], true)
      while (answer.decision === 'read' && !fresh)
      break
    }
  }
  if (answer.decision === 'read') throw new Error('finance.take asked for a read of an event that it was told to park')
  if (fresh) count(answer.outcome.state)
  return { outcome: answer.outcome, changed: answer.changed, fresh, nextStep: step }
}

/** Side by side, since each has its own wait; nothing is left running when one fails. */
async function readAll(
  orders: readonly ReadOrder[],
  heard: Heard,
  tools: TakeTools,
  endMs: number,
): Promise<readonly ReadFacts[]> {
  const reads = await Promise.allSettled(orders.map((order) => readOne(order, heard, tools, endMs)))
  return reads.map((read) => {
    if (read.status === 'rejected') throw read.reason
    return read.value
  })
}

async function readOne(order: ReadOrder, { head }: Heard, tools: TakeTools, endMs: number): Promise<ReadFacts> {
  const { kind, object, tickets } = order
  const leftMs = () => tools.process.remainingMs() - endMs
  if (leftMs() - order.wait_ms < leastReadMs) throw new StripeReadError('unavailable', 'no time is left to read it')
  if (order.wait_ms > 0) await tools.clock.sleep(order.wait_ms, tools.signal)
  tools.signal.throwIfAborted()
  tools.count('read')
  const { account, livemode } = head
  const options = { signal: tools.signal, timeoutMs: Math.max(leastReadMs, Math.min(readMs, leftMs())) }
  const reply = await tools.reader.read({ account, livemode, kind, object }, options)
  tools.signal.throwIfAborted()
  return {
    kind,
    object,
    tickets,
    found: reply.found,
    facts: reply.found ? factsOf(reply.object, order, livemode) : [],
    date: new Date(reply.dateS * 1000).toISOString(),
    elapsed_ms: Math.ceil(reply.elapsedMs),
  }
}

const mode = z.looseObject({ livemode: z.boolean() })

/** Only of the object that was asked for, and never one of the other mode. */
function factsOf(read: unknown, { kind, object }: ReadOrder, livemode: boolean): ReadFacts['facts'] {
  const shown = mode.safeParse(read)
  if (shown.success && shown.data.livemode !== livemode) {
    throw new StripeReadError('forbidden', `the key reads objects with livemode ${shown.data.livemode}`)
  }
  const facts = toldOf(kind, read)
  if (facts[0]?.fact.id !== object) throw new StripeReadError('unavailable', 'another object was answered')
  return facts
}

function answerOf(output: unknown): Taken {
  const parsed = taken.safeParse(output)
  if (parsed.success) return parsed.data
  const members = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))]
  throw new Error(`finance.take: cannot read its answer; look at: ${members.slice(0, 5).join(', ') || 'all of it'}`)
}

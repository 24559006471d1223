import type { StripeReader } from '../../../bees/finance/stripe/reader.ts'
import type { TaskContext, Transact } from '../../../src/bee/index.ts'
import type { Json } from '../../../src/canonical.ts'
import { BeeError, toBeeError } from '../../../src/errors.ts'
import type { Clock } from '../../../src/resilience/index.ts'
import { type Play, wayMs } from './play.ts'
import type { Assigned } from './run-process.ts'

const tries = 3
/** Longer than any process waits. */
const longFreezeMs = 90_000
const silent = () => undefined
const silence = { debug: silent, info: silent, warn: silent, error: silent }

/**
 * One run of the real task on a computer that may die, stand still, or lose its connections. A dead run never settles:
 * it stays where it was, for ever.
 */
export function runOnce(play: Play, assigned: Assigned, input: unknown): Promise<unknown> {
  const { time, random, chaos, figures, ledger, colony } = play
  const { executor, fence, key, task } = assigned
  const abort = new AbortController()
  /** A computer that stood still may not know that it did. */
  const noticesTime = random.boolean()
  let stoodStillMs = 0
  if (noticesTime) {
    time.after(assigned.deadlineMs - time.now(), () => abort.abort(new BeeError('BEE_DEADLINE')))
  }

  /** What may happen wherever the run waits for somebody. */
  const fate = async (): Promise<void> => {
    if (assigned.calm) return
    if (random.boolean(chaos.die)) {
      figures.deaths += 1
      await new Promise(() => undefined)
    }
    if (random.boolean(chaos.freeze)) {
      figures.zombies += 1
      const ms = random.pick([1_500, 8_000, longFreezeMs])
      await time.sleep(ms)
      if (!noticesTime) stoodStillMs += ms
    }
    if (abort.signal.aborted) throw abort.signal.reason
  }

  const once = async (step: number, payload: Json) => {
    const result = await time.perform(wayMs(play), () => {
      figures.transactions += 1
      return ledger.execute({
        ...{ colony, process: assigned.id, executor: executor.id, fence, bee: 'finance', task: task.name, step, key },
        ...{ input_digest: assigned.inputDigest, schema_hash: task.schemaHash, nonce: null, payload },
      })
    })
    await time.sleep(wayMs(play))
    if (!assigned.calm && random.boolean(chaos.loseReply)) {
      figures.lostReplies += 1
      throw new BeeError('BEE_TRANSACTION_UNKNOWN')
    }
    return { ...result, output: withoutWaits(result.output, play) }
  }

  let steps = 0
  const transact: Transact = async (payload = assigned.input, { step = steps + 1 } = {}) => {
    steps += 1
    for (let attempt = 1; ; attempt += 1) {
      await fate()
      try {
        const result = await once(step, payload)
        await fate()
        return result
      } catch (thrown) {
        const { failure } = toBeeError(thrown)
        if (failure === 'fenced') figures.fenced += 1
        const again = failure === 'retryable' || failure === 'unknown_outcome'
        if (!again || abort.signal.aborted || attempt === tries) throw thrown
        await time.sleep(random.integer(100, 2_000))
      }
    }
  }

  const own = time.clock(executor.skewMs)
  const clock: Clock = { ...own, sleep: (ms, signal) => own.sleep(ms, signal).then(fate) }
  const { stripe } = assigned.services(executor)
  const reader: StripeReader = {
    read: async (object, options) => {
      await fate()
      const reply = await stripe.read(object, options)
      await fate()
      return reply
    },
  }
  const context: TaskContext<unknown, unknown> = {
    input,
    transact,
    read: () => Promise.reject(new Error('finance reads nothing that way')),
    process: {
      submitter: null,
      ...{ id: assigned.id, colony, bee: 'finance', task: task.name, executor: executor.id, retries: fence.retries },
      submittedAt: time.now(),
      remainingMs: () => Math.max(0, assigned.deadlineMs - time.now() + stoodStillMs),
      ownershipLost: new AbortController().signal,
    },
    log: silence,
    signal: abort.signal,
    shuttingDown: new AbortController().signal,
    services: { ...assigned.services(executor), stripe: reader },
    clock,
    count: silent,
  }
  return Promise.resolve(task.run(context)).then(async (output) => {
    // Closing is a way over the network like the others.
    await fate()
    return output
  })
}

/** The account's rate is kept by the database's real clock; here the waits come from the seed. */
function withoutWaits(output: Json, { random }: Play): Json {
  if (typeof output !== 'object' || output === null || !('reads' in output)) return output
  const reads = (output as { readonly reads: readonly { readonly [key: string]: Json }[] }).reads
  return {
    ...output,
    reads: reads.map((read) => ({ ...read, wait_ms: random.boolean(0.8) ? 0 : random.integer(1, 400) })),
  }
}

import type { TaskContext, Transact } from '../../../src/bee/index.ts'
import { mostAttempts, retryWaitMs } from './backoff.ts'
import { claimReply, claimStep, type Delivery, leaseS, type Settlement, settleReply, settleStep } from './protocol.ts'
import { send } from './send.ts'
import type { AlertServices, Channel } from './services.ts'

/** What a task hands over. Its SQL function must hand every payload whose `op` begins with `alerts_` to `security.alerts_step`. */
export interface DeliverContext extends Pick<TaskContext<unknown, unknown>, 'signal' | 'shuttingDown' | 'log'> {
  /** Of steps that are this assignment's own (`freshSteps`). */
  readonly transact: Transact
  readonly alerts: AlertServices
  /** Counts under the names of `alertCounts`. @default nothing is counted */
  readonly count?: ((name: AlertCount, by?: number) => void) | undefined
}

export interface DeliverOptions {
  /** Rounds of claiming; each makes what has become due meanwhile. @default 3 */
  readonly rounds?: number | undefined
  /** Messages of one receiver in one round. @default 20 */
  readonly most?: number | undefined
  /** Time for all of it, milliseconds; what has not answered then is tried again later. @default 30_000 */
  readonly budgetMs?: number | undefined
}

/** For the `counts` of a task that delivers. */
export const alertCounts = ['alerts_sent', 'alerts_retried', 'alerts_dead', 'alerts_held'] as const
export type AlertCount = (typeof alertCounts)[number]

export interface Delivered {
  readonly sent: number
  /** To be tried again. */
  readonly retried: number
  /** Given up, as dead letters. */
  readonly dead: number
  /** Not tried now: the receiver is not well, asked for time, or ours was over. */
  readonly held: number
}

/** Sendings to one receiver at once. */
const atOnce = 4

/**
 * Sends what is due, to all receivers side by side: a claim in one transaction, the sendings, and for each of them a
 * transaction that records what came of it. Whoever dies in between leaves messages claimed; when the lease is over they are
 * sent again **with the same id** (webhook-id, dedup_key, Message-ID), by which receivers know a repeat.
 *
 * Safe to run anywhere, any number of times at once. Call it with steps that no earlier assignment has used.
 */
export async function deliverDue(context: DeliverContext, options: DeliverOptions = {}): Promise<Delivered> {
  const { alerts } = context
  const { rounds = 3, most = 20, budgetMs = 30_000 } = options
  const endMs = alerts.clock.monotonicMs() + budgetMs
  let all: Delivered = { sent: 0, retried: 0, dead: 0, held: 0 }
  for (let round = 0; round < rounds && alerts.channels.size > 0; round += 1) {
    const claimedAtMs = alerts.clock.monotonicMs()
    if (claimedAtMs >= endMs || context.signal.aborted || context.shuttingDown.aborted) break
    const claim = await context.transact(claimStep(alerts, (channel) => isReady(channel, alerts), most))
    const deliveries = claimReply(claim.output)
    if (deliveries.length === 0) break
    all = sum(all, await deliver(deliveries, context, Math.min(endMs, claimedAtMs + leaseS * 1000)))
  }
  return all
}

const isReady = ({ breaker, pausedUntilMs }: Channel, { clock }: AlertServices): boolean =>
  breaker.state !== 'open' && pausedUntilMs <= clock.monotonicMs()

async function deliver(deliveries: readonly Delivery[], context: DeliverContext, endMs: number): Promise<Delivered> {
  const { alerts, count } = context
  const { clock } = alerts
  const cut = new AbortController()
  const uncut = clock.after(Math.max(0, endMs - clock.monotonicMs()), () => cut.abort())
  const signal = AbortSignal.any([context.signal, cut.signal])
  const total = { sent: 0, retried: 0, dead: 0, held: 0 }

  // The ledger takes the steps of a process one after the other.
  let last: Promise<unknown> = Promise.resolve()
  const record = (delivery: Delivery, settlement: Settlement): Promise<void> => {
    const recorded = last.then(async () => {
      const waitMs = waitOf(delivery, settlement, context)
      const step = settleStep(alerts, delivery, settlement, waitMs, mostAttempts)
      const { state } = settleReply((await context.transact(step)).output)
      const name = settlement.outcome === 'held' ? 'held' : state === 'waiting' ? 'retried' : state
      if (name === 'sending' || name === 'gone') return
      total[name] += 1
      count?.(`alerts_${name}`)
      if (name === 'dead') context.log.error('an alert could not be delivered', factsOf(delivery, settlement))
      if (name === 'retried') context.log.warn('an alert will be sent again', factsOf(delivery, settlement))
    })
    last = recorded.catch(() => undefined)
    return recorded
  }

  const one = async (delivery: Delivery, channel: Channel): Promise<void> => {
    // With too little of the lease left somebody else might send it beside us.
    const fits = endMs - clock.monotonicMs() >= Math.min(channel.receiver.timeout_ms, 1000)
    const may = fits && isReady(channel, alerts) && !signal.aborted && !context.shuttingDown.aborted
    const settlement: Settlement = may ? await send(channel, delivery, alerts, signal) : { outcome: 'held' }
    if (settlement.outcome === 'retry' && settlement.problem === 'limited') {
      channel.pausedUntilMs = clock.monotonicMs() + (settlement.afterMs ?? 0)
    }
    await record(delivery, settlement)
  }

  try {
    const byReceiver = Map.groupBy(deliveries, ({ receiver }) => receiver)
    const ended = await Promise.allSettled(
      [...byReceiver].flatMap(([name, queue]) => {
        const channel = alerts.channels.get(name)
        if (channel === undefined) return []
        const waiting = [...queue]
        return Array.from({ length: Math.min(atOnce, queue.length) }, async () => {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await one(next, channel)
        })
      }),
    )
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  } finally {
    uncut()
  }
  return total
}

/** How long until the next try. */
function waitOf({ attempt }: Delivery, settlement: Settlement, { alerts }: DeliverContext): number {
  if (settlement.outcome === 'retry') return retryWaitMs(attempt, settlement.afterMs ?? 0, alerts.random)
  return settlement.outcome === 'held' ? 5000 : 0
}

/** Names of ours and numbers: nothing that came from outside, nothing of the message. */
const factsOf = (delivery: Delivery, settlement: Settlement) => ({
  ...{ delivery: delivery.id, receiver: delivery.receiver, attempt: delivery.attempt },
  problem: 'problem' in settlement ? settlement.problem : null,
  status: 'status' in settlement ? settlement.status : null,
})

const sum = (one: Delivered, other: Delivered): Delivered => ({
  ...{ sent: one.sent + other.sent, retried: one.retried + other.retried },
  ...{ dead: one.dead + other.dead, held: one.held + other.held },
})

/** For a task that has used up its step numbers. */
export const nothingDelivered: Delivered = Object.freeze({ sent: 0, retried: 0, dead: 0, held: 0 })

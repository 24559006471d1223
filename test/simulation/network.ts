import type { Computer } from './computer.ts'
import type { Scheduler } from './scheduler.ts'

/** What may go wrong, as probabilities for one call. All of it ends when the faults are over. */
export interface FaultPlan {
  /** A request or a reply is lost, at the broker and at the database. */
  readonly loss: number
  /** Part of the losses that nobody hears of; with the others the connection is cut. */
  readonly silence: number
  /** Something between answers in place of the other side. */
  readonly wrongAnswer: number
  /** The longest a message takes, milliseconds. */
  readonly latencyMs: number
}

export const noFaults: FaultPlan = Object.freeze({ loss: 0, silence: 0.5, wrongAnswer: 0, latencyMs: 5 })

/** A place on the network: reachable or not. */
export interface Site {
  /** Refuses connections while it is down. */
  isUp: boolean
}

export interface Network {
  plan: FaultPlan
  latencyMs(): number
  /** True when one message is struck; `share` of the usual chance. */
  strikes(what: 'loss' | 'wrongAnswer', share?: number): boolean
}

export function createNetwork(scheduler: Scheduler): Network {
  const { random } = scheduler
  return {
    plan: noFaults,
    // Mostly quick, sometimes as slow as it may be.
    latencyMs() {
      return 0.05 + random.next() ** 4 * this.plan.latencyMs
    },
    strikes(what, share = 1) {
      return random.next() < this.plan[what] * share
    },
  }
}

/** How a request ended at its caller; `lost` means that nothing comes any more. */
export type Carried<T> = { readonly reply: T } | 'refused' | 'reset' | 'lost'

export interface Message<T> {
  readonly from: Computer
  readonly to: Site
  readonly what: string
  /** Part of the usual chance of loss. @default 1 */
  readonly risk?: number | undefined
  /** At the other side. It answers when it likes; it goes on whatever becomes of the caller. */
  readonly serve: (reply: (value: T) => void) => void
  readonly arrive: (carried: Carried<T>) => void
}

/** Carries one request and its reply, or not. */
export function carry<T>(scheduler: Scheduler, network: Network, message: Message<T>): void {
  const { from, to, what, serve, arrive, risk } = message
  if (!from.isAlive) return
  const back = (carried: Carried<T>, how: string): void => {
    scheduler.after(network.latencyMs(), `${from.name} < ${what} ${how}`, () => from.enter(() => arrive(carried)))
  }
  scheduler.after(network.latencyMs(), `${from.name} > ${what}`, () => {
    if (!to.isUp) return back('refused', 'refused')
    if (network.strikes('loss', risk)) {
      if (!scheduler.random.boolean(network.plan.silence)) back('reset', 'cut on the way')
      return
    }
    serve((value) => {
      if (!to.isUp) return back('reset', 'cut')
      if (!network.strikes('loss', risk)) return back({ reply: value }, 'answered')
      if (!scheduler.random.boolean(network.plan.silence)) back('reset', 'cut on the way back')
    })
  })
}

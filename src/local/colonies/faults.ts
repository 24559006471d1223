/**
 * Faults that the original shows in the field, to be switched on by tests. Each counts down and goes away. A fault
 * applies to the next matching calls; with `msgtype` only to calls of that type.
 */

import { z } from 'zod'

const kinds = [
  /** The call is carried out, then the connection is cut before the reply. */
  'lose_reply',
  /** `lose_reply` for assigns that gave out a process. */
  'lose_assign_reply',
  /** 404 to an assign although work may be waiting; nothing is assigned. */
  'empty_404',
  /** Error envelope 500 with HTTP status 200, as a follower forwards it. */
  'http200_error',
  /** HTTP 200, body of zero length; the call is not carried out. */
  'empty_200',
  /** HTTP 500, body of zero length; the call is not carried out. */
  'empty_500',
  /** Nothing for `delayMs`, then error 500: no quorum. */
  'stall',
  /** No answer until the client hangs up; `/health` stays 200. */
  'hang',
  /** Connection reset at once; the call is not carried out. */
  'reset',
  /** The carried out reply comes `delayMs` late. */
  'delay',
  /** A requeue after an execution limit adds `retries` more than one, as with several nodes. */
  'extra_retries',
  /** The executor that is given a process is unregistered at once: the process is in the queue again, `retries` as before. */
  'unregister_executor',
  /** A process goes back to the queue the moment it was given out, as if its limit had passed: two executors have it. */
  'requeue_running',
  /** New work wakes no waiting long-poll. */
  'missed_wakeup',
  /** An open WebSocket is closed without a frame (1006) instead of getting its next frame. */
  'ws_drop',
] as const

export const fault = z.strictObject({
  kind: z.enum(kinds),
  /** Message type that the fault is for; every type when missing. */
  msgtype: z.string().optional(),
  /** How many times it strikes. @default 1 */
  times: z.int().positive().optional(),
  /** For `stall` (default 5000) and `delay` (default 1000), milliseconds. */
  delayMs: z.int().nonnegative().optional(),
  /** For `extra_retries`: how many are added. @default 1 */
  retries: z.int().positive().optional(),
})

export type Fault = Readonly<z.output<typeof fault>>
export type FaultKind = Fault['kind']

export interface Faults {
  inject(fault: Fault): void
  clear(): void
  /** Uses up one strike of the first fault among `kinds` that fits, if there is one. */
  strike(kinds: readonly FaultKind[], msgtype?: string): Fault | undefined
  /** What is still switched on. */
  pending(): readonly Fault[]
}

export function createFaults(initial: readonly Fault[] = []): Faults {
  let armed: readonly { readonly fault: Fault; left: number }[] = []
  const inject = (added: Fault) => {
    armed = [...armed, { fault: added, left: added.times ?? 1 }]
  }
  for (const one of initial) inject(one)
  return {
    inject,
    clear() {
      armed = []
    },
    strike(wanted, msgtype) {
      if (armed.length === 0) return undefined
      const found = armed.find(
        ({ fault: one }) => wanted.includes(one.kind) && (one.msgtype === undefined || one.msgtype === msgtype),
      )
      if (found === undefined) return undefined
      found.left -= 1
      if (found.left <= 0) armed = armed.filter((one) => one !== found)
      return found.fault
    },
    pending: () => armed.map(({ fault: one, left }) => ({ ...one, times: left })),
  }
}

import type { Clock } from '../resilience/index.ts'

/** Wakes a loop that waits for "something changed". */
export interface Notifier {
  notify(): void
  /** Resolves at the next notify, or after `ms`. One waiter at a time is enough for a loop. */
  wait(ms: number): Promise<void>
}

export function createNotifier(clock: Clock): Notifier {
  let waiter: AbortController | null = null
  let missed = false
  return {
    notify() {
      missed = waiter === null
      waiter?.abort()
    },
    async wait(ms) {
      if (!missed) {
        waiter = new AbortController()
        await clock.sleep(ms, waiter.signal)
        waiter = null
      }
      missed = false
    },
  }
}

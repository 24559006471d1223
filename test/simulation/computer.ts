import type { Clock } from '../../src/resilience/index.ts'
import { EPOCH_MS, type Scheduler } from './scheduler.ts'

/** The machine that a hive runs on: it can stop for ever, or stand still for a while. */
export interface Computer {
  readonly name: string
  /** Its wall clock is off; its other clock counts from its own start. */
  readonly clock: Clock
  readonly random: () => number
  readonly isAlive: boolean
  readonly isFrozen: boolean
  /** It has stood still at some time. */
  readonly wasFrozen: boolean
  /** Something comes in: happens now, when it wakes up, or never. */
  enter(act: () => void): void
  /** Nothing of it ever runs again. */
  crash(): void
  /** As a process that the operating system has stopped: time goes on, it does not. */
  freeze(ms: number): void
}

export function createComputer(name: string, skewMs: number, scheduler: Scheduler): Computer {
  const startedMs = scheduler.nowMs - scheduler.random.integer(0, 1_000_000)
  const missed: (() => void)[] = []
  let alive = true
  let frozen = false
  let wasFrozen = false

  const enter = (act: () => void): void => {
    if (!alive) return
    if (frozen) missed.push(act)
    else act()
  }

  const after = (ms: number, callback: () => void): (() => void) => {
    let cancelled = false
    // No timer of a real computer is shorter; a deadline a billionth away would come again and again.
    const cancel = scheduler.after(Math.max(1, ms), `${name} timer`, () =>
      enter(() => (cancelled ? undefined : callback())),
    )
    return () => {
      cancelled = true
      cancel()
    }
  }

  const sleep = (ms: number, signal?: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        cancel()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const cancel = after(ms, done)
      signal?.addEventListener('abort', done)
    })

  return {
    name,
    clock: Object.freeze({
      now: () => EPOCH_MS + scheduler.nowMs + skewMs,
      monotonicMs: () => scheduler.nowMs - startedMs,
      sleep,
      after,
    }),
    random: scheduler.random.next,
    get isAlive() {
      return alive
    },
    get isFrozen() {
      return frozen
    },
    get wasFrozen() {
      return wasFrozen
    },
    enter,
    crash() {
      alive = false
      missed.length = 0
    },
    freeze(ms) {
      if (frozen || !alive) return
      frozen = true
      wasFrozen = true
      scheduler.after(ms, `${name} wakes up`, () => {
        frozen = false
        // Each on its own, in an order that nobody promised.
        for (const act of missed.splice(0)) scheduler.after(0, `${name} catches up`, () => enter(act))
      })
    },
  }
}

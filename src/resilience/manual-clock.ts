import type { Clock } from './clock.ts'

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Moves on, firing what is due in order of time; what that starts in turn (promises included) is waited for. */
  advance(ms: number): Promise<void>
  /** Timers and sleeps that have not fired. */
  readonly pending: number
}

interface Timer {
  readonly atMs: number
  readonly fire: () => void
}

/** For tests: both scales start at the given times, milliseconds. */
export function manualClock(startMs = Date.UTC(2026, 0, 1), monotonicStartMs = 0): ManualClock {
  let elapsedMs = 0
  const timers = new Set<Timer>()

  const after = (ms: number, callback: () => void) => {
    const timer: Timer = { atMs: elapsedMs + Math.max(0, ms), fire: callback }
    timers.add(timer)
    return () => {
      timers.delete(timer)
    }
  }

  const sleep = (ms: number, signal?: AbortSignal | undefined) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        cancel()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const cancel = after(ms, done)
      signal?.addEventListener('abort', done)
    })

  const advance = async (ms: number) => {
    const untilMs = elapsedMs + ms
    await settle()
    for (let next = earliest(timers, untilMs); next !== undefined; next = earliest(timers, untilMs)) {
      elapsedMs = Math.max(elapsedMs, next.atMs)
      timers.delete(next)
      next.fire()
      await settle()
    }
    elapsedMs = untilMs
  }

  return Object.freeze({
    now: () => startMs + elapsedMs,
    monotonicMs: () => monotonicStartMs + elapsedMs,
    after,
    sleep,
    advance,
    get pending() {
      return timers.size
    },
  })
}

function earliest(timers: ReadonlySet<Timer>, untilMs: number): Timer | undefined {
  let found: Timer | undefined
  for (const timer of timers)
    if (timer.atMs <= untilMs && (found === undefined || timer.atMs < found.atMs)) found = timer
  return found
}

/** Lets every promise that is ready run, however long the chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

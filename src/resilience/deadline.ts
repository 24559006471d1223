import { BeeError } from '../errors.ts'
import { anySignal, type Guard } from './abort.ts'
import type { Clock } from './clock.ts'

/** One decreasing time budget. Children can only be shorter than their parent. */
export interface Deadline {
  /** When it ends, on the clock's monotonic scale, milliseconds. */
  readonly atMs: number
  /** Milliseconds left; 0 when it has passed, never negative. */
  remainingMs(): number
  readonly passed: boolean
  /** Whether work that needs so many milliseconds can still finish: a try that cannot is not started. */
  fits(needMs: number): boolean
  /** A deadline `ms` from now, or this one if that is earlier. */
  child(ms: number): Deadline
  /**
   * A signal that aborts when the deadline passes (reason: BeeError BEE_DEADLINE) or with the first of `signals`
   * (their reason). Release it when the work is over.
   */
  guard(...signals: readonly (AbortSignal | undefined)[]): Guard
}

/** A deadline `ms` from now. `Infinity` never passes. */
export function deadlineIn(ms: number, clock: Clock): Deadline {
  return deadlineAt(clock.monotonicMs() + ms, clock)
}

/** A deadline at a point of the clock's monotonic scale, milliseconds. */
export function deadlineAt(atMs: number, clock: Clock): Deadline {
  if (Number.isNaN(atMs)) throw new TypeError('expected a point in time in milliseconds, received NaN')
  const remainingMs = () => Math.max(0, atMs - clock.monotonicMs())
  return Object.freeze({
    atMs,
    remainingMs,
    get passed() {
      return remainingMs() <= 0
    },
    fits: (needMs: number) => remainingMs() >= needMs && remainingMs() > 0,
    child: (ms: number) => deadlineAt(Math.min(atMs, clock.monotonicMs() + ms), clock),
    guard: (...signals: readonly (AbortSignal | undefined)[]) => guard(remainingMs(), clock, signals),
  })
}

/** Node's timers overflow above 2^31 - 1 ms and would fire at once; such a deadline needs no timer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function guard(remainingMs: number, clock: Clock, signals: readonly (AbortSignal | undefined)[]): Guard {
  const any = anySignal(signals)
  if (any.signal.aborted) return any
  const expire = () => any.abort(new BeeError('BEE_DEADLINE'))
  if (remainingMs <= 0) {
    expire()
    return any
  }
  if (remainingMs > LONGEST_TIMER_MS) return any
  const cancel = clock.after(remainingMs, expire)
  const release = () => {
    cancel()
    any.release()
  }
  any.signal.addEventListener('abort', cancel, { once: true })
  return { signal: any.signal, release }
}

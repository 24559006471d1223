export { anySignal, type Guard, raceAbort } from './abort.ts'
export { Breaker, type BreakerOptions, type BreakerState, type Verdict } from './breaker.ts'
export { Bulkhead, type BulkheadOptions } from './bulkhead.ts'
export { type Clock, systemClock } from './clock.ts'
export { type Deadline, deadlineAt, deadlineIn } from './deadline.ts'
export { Limiter, type LimiterOptions } from './limiter.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export {
  type Backoff,
  defaultBackoff,
  fullJitterMs,
  type RetryFact,
  type RetryOptions,
  retry,
  schedule,
  waitBoundMs,
} from './retry.ts'

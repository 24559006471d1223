export { createLog, type LogOptions, silentLog } from './log.ts'
export { createMetrics, type MetricsOptions } from './metrics.ts'
export { noMetrics } from './no-metrics.ts'
export type { BreakerState, Log, Metrics, PollOutcome, RpcClass, TaskOutcome } from './types.ts'

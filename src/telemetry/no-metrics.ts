import type { Metrics } from './types.ts'

const nothing = () => {}

/** Counts nothing: for a function that nobody scrapes. */
export const noMetrics: Metrics = Object.freeze({
  taskStarted: nothing,
  taskFinished: nothing,
  taskCount: nothing,
  slots: nothing,
  poll: nothing,
  rpc: nothing,
  retry: nothing,
  breaker: nothing,
  closeRefused: nothing,
  orphan: nothing,
  webhook: nothing,
  events: nothing,
  drain: nothing,
  schedule: nothing,
  beeState: nothing,
  render: async () => '',
})

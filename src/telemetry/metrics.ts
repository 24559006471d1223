import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { processMetrics } from './process-metrics.ts'
import type { BreakerState, Metrics } from './types.ts'

const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open']

export interface MetricsOptions {
  /** Version of the program, for bees_build_info. */
  readonly version: string
}

/**
 * The one place that names metrics. Labels are bounded: bee, task, outcome, operation, dependency, state; never a
 * process id, a customer or a message. Times are seconds, as Prometheus wants them; the interface takes milliseconds.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  const histogram = (name: string, help: string, labelNames: readonly string[]) =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets: durationBuckets, registers })

  const started = counter('bees_tasks_started_total', 'Processes that a handler was started for.', ['bee', 'task'])
  const finished = counter('bees_tasks_finished_total', 'Processes that ended here, by outcome.', [
    'bee',
    'task',
    'outcome',
  ])
  const runTime = histogram('bees_task_run_seconds', 'From admission to close.', ['bee', 'task'])
  const counts = counter('bees_task_counts_total', 'What tasks count of their own.', ['bee', 'task', 'what'])
  const partCounts = counter('bees_task_part_counts_total', 'The same, by which of several things it was.', [
    'bee',
    'task',
    'what',
    'part',
  ])
  const boundedPart = boundParts()
  const queueWait = histogram('bees_task_queue_wait_seconds', 'From submission to assignment.', ['bee'])
  const slotsBusy = gauge('bees_slots_busy', 'Slots with a running task.', ['bee'])
  const slotsTotal = gauge('bees_slots', 'Slots in all.', ['bee'])
  const polls = counter('bees_polls_total', 'Polls that ended, by outcome.', ['bee', 'outcome'])
  const pollTime = histogram('bees_poll_seconds', 'Duration of polls.', ['bee'])
  const rpc = histogram('bees_rpc_seconds', 'Calls of bee_execute, by operation and failure class.', [
    'operation',
    'class',
  ])
  const retries = counter('bees_retries_total', 'Calls that were repeated.', ['operation'])
  const breaker = gauge('bees_breaker_state', '1 for the state that the breaker is in.', ['dependency', 'state'])
  const refused = counter('bees_close_refused_total', 'Closes refused because the process belongs to another.', ['bee'])
  const orphans = counter('bees_orphans_total', 'Processes that the broker had assigned to us unnoticed.', ['bee'])
  const webhook = histogram('bees_webhook_seconds', 'Webhook requests, by outcome.', ['outcome'])
  const events = histogram('bees_events_seconds', 'Requests to POST /events, by outcome.', ['outcome'])
  const drain = gauge('bees_drain_seconds', 'Duration of the last drain.', [])
  const scheduleKept = gauge(
    'bees_schedule_kept',
    '1 while the broker keeps the schedule of the task, 0 while this hive cannot see to it.',
    ['bee', 'task'],
  )
  const state = gauge('bees_state', '1 for the state that the bee is in.', ['bee', 'state'])
  gauge('bees_build_info', 'Constant 1; the labels tell what runs.', ['version', 'node']).set(
    { version: options.version, node: process.versions.node },
    1,
  )
  processMetrics(registry)

  const lastState = new Map<string, string>()
  return Object.freeze<Metrics>({
    taskStarted(bee, task, queueWaitMs) {
      started.inc({ bee, task })
      queueWait.observe({ bee }, Math.max(0, queueWaitMs) / 1000)
    },
    taskFinished(bee, task, outcome, runMs) {
      finished.inc({ bee, task, outcome })
      runTime.observe({ bee, task }, runMs / 1000)
    },
    taskCount(bee, task, what, by, part) {
      if (part === undefined) counts.inc({ bee, task, what }, by)
      else partCounts.inc({ bee, task, what, part: boundedPart(`${bee}/${task}`, part) }, by)
    },
    slots(bee, busy, total) {
      slotsBusy.set({ bee }, busy)
      slotsTotal.set({ bee }, total)
    },
    poll(bee, outcome, durationMs) {
      polls.inc({ bee, outcome })
      pollTime.observe({ bee }, durationMs / 1000)
    },
    rpc: (operation, outcome, durationMs) => rpc.observe({ operation, class: outcome }, durationMs / 1000),
    retry: (operation) => retries.inc({ operation }),
    breaker(dependency, current) {
      for (const name of breakerStates) breaker.set({ dependency, state: name }, name === current ? 1 : 0)
    },
    closeRefused: (bee) => refused.inc({ bee }),
    orphan: (bee) => orphans.inc({ bee }),
    webhook: (outcome, durationMs) => webhook.observe({ outcome }, durationMs / 1000),
    events: (outcome, durationMs) => events.observe({ outcome }, durationMs / 1000),
    drain: (durationMs) => drain.set(durationMs / 1000),
    schedule: (bee, task, kept) => scheduleKept.set({ bee, task }, kept ? 1 : 0),
    beeState(bee, current) {
      const before = lastState.get(bee)
      if (before !== undefined) state.set({ bee, state: before }, 0)
      lastState.set(bee, current)
      state.set({ bee, state: current }, 1)
    },
    render: () => registry.metrics(),
  })
}

const mostParts = 200

/** Keeps the label bounded, whatever a bee does: what is one too many of a task counts as `other`. */
function boundParts(): (owner: string, part: string) => string {
  const known = new Map<string, Set<string>>()
  return (owner, part) => {
    const parts = known.get(owner) ?? new Set()
    known.set(owner, parts)
    if (parts.has(part)) return part
    if (parts.size >= mostParts) return 'other'
    parts.add(part)
    return part
  }
}

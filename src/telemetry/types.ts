/** How a process ended for this hive. Bounded: used as a metric label. */
export type TaskOutcome = 'applied' | 'replayed' | 'failed' | 'retryable' | 'fenced' | 'cancelled' | 'given_back'

/** How one poll ended. */
export type PollOutcome = 'hit' | 'empty' | 'paused' | 'error'

/** How one RPC to the database ended: its failure class, or `ok`. */
export type RpcClass = 'ok' | 'retryable' | 'terminal' | 'fenced' | 'unknown_outcome'

export type BreakerState = 'closed' | 'half_open' | 'open'

/** Everything that is measured. The names that Prometheus sees are in metrics.ts and nowhere else. */
export interface Metrics {
  taskStarted(bee: string, task: string, queueWaitMs: number): void
  taskFinished(bee: string, task: string, outcome: TaskOutcome, runMs: number): void
  /** What a task counts of its own; `what` is one of the names that it declares. */
  taskCount(bee: string, task: string, what: string, by: number, part?: string): void
  slots(bee: string, busy: number, total: number): void
  poll(bee: string, outcome: PollOutcome, durationMs: number): void
  rpc(operation: string, outcome: RpcClass, durationMs: number): void
  retry(operation: string): void
  breaker(dependency: 'database' | 'broker' | 'submit', state: BreakerState): void
  /** A close that the broker refused because the process belongs to somebody else. */
  closeRefused(bee: string): void
  /** A process that the broker thought we were running and we were not. */
  orphan(bee: string): void
  webhook(outcome: string, durationMs: number): void
  /** A request to POST /events. */
  events(outcome: string, durationMs: number): void
  drain(durationMs: number): void
  /** Whether the broker keeps the cron of a task with a schedule, as far as this hive knows. */
  schedule(bee: string, task: string, kept: boolean): void
  /** The state of a bee as the state machine names it; one of a closed list. */
  beeState(bee: string, state: string): void
  /** Prometheus text exposition. */
  render(): Promise<string>
}

/** The logger that is handed around; pino's shape, narrowed. */
export interface Log {
  debug(facts: Readonly<Record<string, unknown>>, message: string): void
  info(facts: Readonly<Record<string, unknown>>, message: string): void
  warn(facts: Readonly<Record<string, unknown>>, message: string): void
  error(facts: Readonly<Record<string, unknown>>, message: string): void
  child(facts: Readonly<Record<string, unknown>>): Log
}

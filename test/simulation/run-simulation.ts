import { type HistoryResult, runHistory } from './run-history.ts'

export interface SimulationOptions {
  /** The histories have this seed and the ones after it. */
  readonly seed: number
  /** How many. @default as many as fit into the time */
  readonly count?: number | undefined
  /** @default 1, when no count is given */
  readonly minutes?: number | undefined
  /** Told every few seconds, and of each failure. @default nobody */
  readonly report?: ((line: string) => void) | undefined
}

export interface SimulationResult {
  readonly histories: number
  /** Events whose order the seed decided: the interleavings are as many orders of them as there were histories. */
  readonly steps: number
  readonly processes: number
  readonly transactions: number
  readonly crashes: number
  readonly drains: number
  readonly freezes: number
  readonly tookMs: number
  /** CPU time of this process, milliseconds. */
  readonly cpuMs: number
  readonly failures: readonly HistoryResult[]
}

const REPORT_EVERY_MS = 5_000
const SHOWN_EVENTS = 60
const MOST_FAILURES = 20

/** The one line that repeats a history. */
export const reproduceLine = ({ seed }: Pick<HistoryResult, 'seed'>): string =>
  `TEST_SEED=${seed} npx vitest run test/simulation -t "history of a seed"`

/** Plays history after history, each on the real fleet under virtual time, and says what did not hold. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, count = Number.POSITIVE_INFINITY, report } = options
  const beganMs = performance.now()
  const cpu = process.cpuUsage()
  const minutes = options.minutes ?? (options.count === undefined ? 1 : Number.POSITIVE_INFINITY)
  const failures: HistoryResult[] = []
  const sums = { histories: 0, steps: 0, processes: 0, transactions: 0, crashes: 0, drains: 0, freezes: 0 }
  const result = (): SimulationResult => {
    const { user, system } = process.cpuUsage(cpu)
    return { ...sums, tookMs: performance.now() - beganMs, cpuMs: (user + system) / 1000, failures }
  }
  let reportedMs = beganMs
  while (sums.histories < count && performance.now() - beganMs < minutes * 60_000) {
    const history = await runHistory(seed + sums.histories)
    const { incidents } = history
    sums.histories += 1
    sums.steps += history.steps
    sums.processes += history.processes
    sums.transactions += history.transactions
    sums.crashes += incidents.crashes
    sums.drains += incidents.drains
    sums.freezes += incidents.freezes
    if (history.problems.length > 0) {
      failures.push(history)
      report?.(failureText(history))
      if (failures.length >= MOST_FAILURES) break
    }
    if (performance.now() - reportedMs < REPORT_EVERY_MS) continue
    reportedMs = performance.now()
    report?.(simulationLine(result()))
  }
  return result()
}

/** What did not hold, how to see it again, and what happened last. */
export function failureText(history: HistoryResult): string {
  const { problems, trace } = history
  return [
    `FAILED: ${reproduceLine(history)}`,
    ...problems.map((text) => `  ${text}`),
    ...trace.slice(-SHOWN_EVENTS),
  ].join('\n')
}

/** The figures in a line. */
export function simulationLine({
  histories,
  steps,
  transactions,
  crashes,
  drains,
  freezes,
  tookMs,
  cpuMs,
  failures,
}: SimulationResult): string {
  const rate = ((histories / tookMs) * 1000).toFixed(0)
  const perCore = ((histories / cpuMs) * 1000).toFixed(0)
  return (
    `simulated histories   ${histories} (${rate}/s, ${perCore}/s of CPU), ${steps} events in an order of the seed, ` +
    `${transactions} transactions, ${crashes} crashes, ${freezes} zombies, ${drains} drains, ${failures.length} failed`
  )
}

import type { CrashMatrixResult } from './run-crash-matrix.ts'

const columns = [
  ['boundary or message', 52],
  ['fault', 26],
  ['task', 7],
  ['effects', 8],
  ['rows', 5],
  ['state', 16],
  ['receipt', 9],
  ['ms', 6],
] as const

const line = (values: readonly (string | number)[]): string =>
  values
    .map((value, at) => String(value).padEnd(columns[at]?.[1] ?? 0))
    .join(' ')
    .trimEnd()

const share = (sorted: readonly number[], part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0

/** The matrix as text: what was done, what came of it, and what cannot be. */
export function crashTable(result: CrashMatrixResult): readonly string[] {
  const { reports, infeasible, recoveryMs, beyondMs, kills, problems, tookMs } = result
  const rows = reports
    .map(({ place, fault, kind, effects, rows: n, state, receipt, tookMs: ms, problems: bad }) =>
      line([place, fault, kind, effects, n, state, receipt, ms, ...bad]),
    )
    .sort()
  const total = (count: (report: CrashMatrixResult['reports'][number]) => number) =>
    reports.reduce((sum, report) => sum + count(report), 0)
  return [
    line(columns.map(([name]) => name)),
    ...rows,
    '',
    ...infeasible.map(({ place, fault, kinds, why }) => `cannot be: ${place}, ${fault}, ${kinds.join(', ')}: ${why}`),
    '',
    `${reports.length} cells in ${Math.round(tookMs / 1000)} s: ${total(({ effects }) => effects)} effects, ` +
      `${total(({ rows: n }) => n)} ledger rows, ${problems.length} problems`,
    `${kills} times kill -9 with ${recoveryMs.length} processes at their boundaries (${total(({ tries }) => tries - 1)} set up again): ` +
      `from the kill to the closing p50 ${share(recoveryMs, 0.5)} ms, max ${recoveryMs.at(-1) ?? 0} ms; ` +
      `from the end of the time budget (3000 ms) p50 ${share(beyondMs, 0.5)} ms, max ${beyondMs.at(-1) ?? 0} ms`,
  ]
}

/** Every boundary and every message of the pipeline against every fault, with real processes. */

import { randomFrom } from '../../support/seeded-random.ts'
import { allCells, type Infeasible } from './cells.ts'
import { killRound } from './kill-round.ts'
import { type CellReport, type CrashLane, openLane } from './lane.ts'
import { openLocks } from './locks.ts'
import { type Round, roundsOf } from './rounds.ts'
import { openCrashSite } from './site.ts'
import { crashTable } from './table.ts'
import { wireRound } from './wire-round.ts'

export interface CrashMatrixOptions {
  /** A migrated database of one's own. */
  readonly databaseUrl: string
  /** Chooses the cells and their company. */
  readonly seed: number
  /** How many cells. @default 'all' */
  readonly cells?: 'all' | number | undefined
  /** Gets the table, a line each. @default nobody */
  readonly report?: ((line: string) => void) | undefined
  /** Executors at once. @default 6 */
  readonly lanes?: number | undefined
}

export interface CrashMatrixResult {
  readonly reports: readonly CellReport[]
  readonly infeasible: readonly Infeasible[]
  /** Every violation, of a cell or of broker and database together; empty when the promise holds. */
  readonly problems: readonly string[]
  readonly kills: number
  /** From kill -9 to the closing of each process that the executor held, ms, sorted. */
  readonly recoveryMs: readonly number[]
  /** The same from the end of each process's time budget, ms, sorted. */
  readonly beyondMs: readonly number[]
  readonly tookMs: number
}

export async function runCrashMatrix(options: CrashMatrixOptions): Promise<CrashMatrixResult> {
  const beganMs = performance.now()
  const random = randomFrom(options.seed)
  const { cells, infeasible } = allCells()
  const wanted = options.cells === undefined || options.cells === 'all' ? cells.length : options.cells
  const queue = [...roundsOf(random.shuffle(cells).slice(0, wanted), random)]
  const site = await openCrashSite(options.databaseUrl)
  const locks = await openLocks(options.databaseUrl)
  const reports: CellReport[] = []
  let kills = 0
  const problems: string[] = []

  const work = async (lane: CrashLane): Promise<void> => {
    for (let round = queue.shift(); round !== undefined; round = queue.shift()) {
      const done = await runRound(lane, round)
      reports.push(...done)
      problems.push(...done.flatMap((cell) => cell.problems.map((text) => `${cell.place}, ${cell.fault}: ${text}`)))
      problems.push(...(await lane.colony.check()))
    }
    kills += lane.kills()
  }
  try {
    const count = Math.min(options.lanes ?? 6, queue.length)
    const lanes = await Promise.all(Array.from({ length: count }, (_, at) => openLane(site, locks, `lane-${at + 1}`)))
    await Promise.all(lanes.map(work))
  } finally {
    await locks.close()
    await site.close()
  }
  const killed = reports.filter(({ fault }) => fault === 'kill -9')
  const recoveryMs = killed.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const beyondMs = killed.map((report) => report.beyondMs ?? 0).sort((a, b) => a - b)
  const tookMs = performance.now() - beganMs
  const result = { reports, infeasible, problems: [...new Set(problems)], kills, recoveryMs, beyondMs, tookMs }
  for (const line of crashTable(result)) options.report?.(line)
  return result
}

const runRound = (lane: CrashLane, round: Round): Promise<readonly CellReport[]> =>
  round.what === 'kill' ? killRound(lane, round.cells) : wireRound(lane, round.cells)

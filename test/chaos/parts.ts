import { percentile } from '../../bench/report/statistics.ts'
import { mutantLines, runMutants } from '../mutants/run-mutants.ts'
import { runSimulation, simulationLine } from '../simulation/run-simulation.ts'
import type { OwnPostgres } from '../support/own-postgres.ts'
import { runCrashMatrix } from './crash-matrix/run-crash-matrix.ts'
import { type Lane, openLane } from './properties/lane.ts'
import { type Failure, playMany, reproduce } from './properties/play-many.ts'
import type { Mode } from './properties/scene-of.ts'
import { historyLines } from './report.ts'

export interface PartSettings {
  readonly postgres: OwnPostgres
  /** For everything together. */
  readonly minutes: number
  /** So many, instead of a time. */
  readonly histories: number | undefined
  readonly seed: number
  readonly lanes: number
  readonly mode: Mode | undefined
}

export interface PartResult {
  readonly failed: boolean
  /** Of the report. */
  readonly lines: readonly string[]
}

export type PartName = 'histories' | 'simulation' | 'matrix' | 'mutants'

/** What the other parts leave of the time. */
const shareOfHistories = 0.6
const shareOfSimulation = 0.1
const tellEvery = 250
const shownProblems = 5

/** In the order in which they run. */
export const parts: Readonly<Record<PartName, (settings: PartSettings) => Promise<PartResult>>> = {
  histories: async ({ postgres, minutes, histories, seed, mode, lanes: most }) => {
    const beganMs = performance.now()
    const lanes: Lane[] = []
    for (let lane = 0; lane < Math.min(most, histories ?? most); lane += 1)
      lanes.push(await openLane(await postgres.database()))
    const many = await playMany({
      lanes,
      seed,
      mode,
      histories: histories ?? Number.MAX_SAFE_INTEGER - seed,
      untilMs: histories === undefined ? beganMs + minutes * 60_000 * shareOfHistories : undefined,
      onFailure: tell,
      onPlayed: (played) => {
        if (played % tellEvery === 0) console.error(`  ${played} histories`)
      },
    })
    for (const lane of lanes) await lane.close()
    return { failed: many.failures.length > 0, lines: historyLines(many) }
  },
  simulation: async ({ minutes, seed }) => {
    const result = await runSimulation({
      seed,
      minutes: minutes * shareOfSimulation,
      report: (line) => line.startsWith('FAILED') && console.log(`\n${line}`),
    })
    return { failed: result.failures.length > 0, lines: [simulationLine(result)] }
  },
  matrix: async ({ postgres, seed }) => {
    const table: string[] = []
    const databaseUrl = await postgres.database()
    const { problems, reports, kills, recoveryMs } = await runCrashMatrix({
      databaseUrl,
      seed,
      report: (line) => table.push(line),
    })
    const ms = (share: number) => `${Math.round(percentile(recoveryMs, share))} ms`
    return {
      failed: problems.length > 0,
      lines: [
        ...table,
        ...problems,
        `crash matrix          ${reports.length} cells, ${kills} times kill -9, ${problems.length} violations ` +
          '(lost, doubled, wrong result, invalid receipt)',
        `recovery after kill   p50 ${ms(0.5)}, max ${ms(1)}`,
      ],
    }
  },
  mutants: async ({ postgres }) => {
    const verdicts = await runMutants({ databaseUrl: postgres.url })
    return { failed: verdicts.some(({ killed }) => !killed), lines: mutantLines(verdicts) }
  },
}

export const partNames = Object.keys(parts) as readonly PartName[]

function tell(failure: Failure): void {
  console.log(`\nFAILED: ${reproduce(failure)}`)
  for (const problem of failure.problems.slice(0, shownProblems)) console.log(`  ${problem}`)
  if (failure.problems.length > shownProblems) console.log(`  … ${failure.problems.length - shownProblems} more`)
}

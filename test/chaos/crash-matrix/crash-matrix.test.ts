import { expect, it } from 'vitest'
import { stepNames } from '../../../src/fleet/index.ts'
import { createDatabase, seededRandom } from '../../support/index.ts'
import { boundaries } from './boundaries.ts'
import { runCrashMatrix } from './run-crash-matrix.ts'

it('has every step that the pipeline declares among its boundaries', () => {
  const passed = boundaries.flatMap(({ hold }) => (hold.by === 'step' ? [hold.passed.split(' ')[0]] : []))
  expect([...stepNames].filter((step) => !passed.includes(step))).toEqual([])
})

it('each boundary and each message against each fault: nothing lost, nothing doubled, all closed and signed', {
  timeout: 480_000,
}, async () => {
  const { seed } = seededRandom()
  const wanted = Number(process.env['CRASH_CELLS'] ?? Number.NaN)
  await using database = await createDatabase()
  const { problems, reports, recoveryMs } = await runCrashMatrix({
    databaseUrl: database.url,
    seed,
    cells: Number.isNaN(wanted) ? 'all' : wanted,
    report: (line) => console.info(line),
  })
  expect(problems).toEqual([])
  expect(reports.length).toBeGreaterThan(Number.isNaN(wanted) ? 300 : 0)
  expect(recoveryMs.length).toBeGreaterThan(Number.isNaN(wanted) ? 90 : 0)
})

import { beforeAll, describe, expect, it } from 'vitest'
import { reportOf } from './report.ts'
import { type Figures, figuresOf, type Score } from './score.ts'
import { heldOutSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'

/** The gate: all 60 attacks in a smaller town, in a world that no rule has been tuned on. `npm run attacks` does it in full. */
const seed = Number(process.env.TEST_SEED ?? heldOutSeeds[0])

describe(`what is found and what is told (npm run attacks -- --seeds ${seed} --users 250 --weeks 1)`, () => {
  let score: Score
  let figures: Figures
  beforeAll(() => {
    score = simulate({ seed, users: 250, weeks: 1 }).score
    figures = figuresOf([score])
    console.info(reportOf([score]).split('\n\n').at(-1))
  }, 900_000)

  it('every attack is there', () => expect(score.outcomes).toHaveLength(60))

  it('finds 95 of 100 attacks', () => expect(figures.recall).toBeGreaterThanOrEqual(0.95))

  it('nine of ten alerts are about an attack', () => expect(figures.precision).toBeGreaterThanOrEqual(0.9))

  it('wakes nobody for nothing more than once a week among 1 000 users', () =>
    expect(figures.falsePagesPerWeek).toBeLessThanOrEqual(1))

  it('sees guessing before the tenth try', () => expect(figures.medianCredentialEvents).toBeLessThan(10))
})

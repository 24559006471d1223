import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { runHistory } from './run-history.ts'
import { failureText, runSimulation, simulationLine } from './run-simulation.ts'

const given = process.env['TEST_SEED']
const seed = given === undefined ? randomInt(2 ** 30) : Number(given)
const SHORT_RUN_MINUTES = 10 / 60

describe('simulation', () => {
  it('the history of a seed', async () => {
    const history = await runHistory(seed)
    expect(history.problems, failureText(history)).toEqual([])
    expect(history.steps).toBeGreaterThan(50)
  })

  it('equal seeds have equal histories, others have others', async () => {
    const hashes = new Set<string>()
    for (let each = seed; each < seed + 20; each += 1) {
      const [first, second] = [await runHistory(each), await runHistory(each)]
      expect(second.hash, `seed ${each}`).toBe(first.hash)
      expect(second.steps).toBe(first.steps)
      hashes.add(first.hash)
    }
    expect(hashes.size).toBe(20)
  })

  it('every order of events, crash, zombie, drain and fault ends with each task done once', {
    timeout: 120_000,
  }, async () => {
    const result = await runSimulation({
      seed: seed + 1,
      minutes: SHORT_RUN_MINUTES,
      report: (line) => console.info(line),
    })
    console.info(simulationLine(result))
    expect(result.failures.map(({ seed: failed, problems }) => [failed, problems])).toEqual([])
    expect(result.histories).toBeGreaterThan(10)
    expect(result.crashes * result.drains * result.freezes).toBeGreaterThan(0)
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, seededRandom, type TestDatabase } from '../../support/index.ts'
import { historyLines } from '../report.ts'
import { type Lane, openLane } from './lane.ts'
import { playMany, reproduce } from './play-many.ts'

const histories = 200
const laneCount = 4

let databases: TestDatabase[] = []
let lanes: Lane[] = []
beforeAll(async () => {
  for (let lane = 0; lane < laneCount; lane += 1) {
    const database = await createDatabase()
    databases.push(database)
    lanes.push(await openLane(database.url))
  }
})
afterAll(async () => {
  for (const lane of lanes) await lane.close()
  for (const database of databases) await database.drop()
  databases = []
  lanes = []
})

/** The short run of `npm run chaos`, which plays thousands. */
it(`${histories} histories of Stripe events in any order, twice, late, through crashes: all end as they must`, {
  timeout: 180_000,
}, async () => {
  const seed = seededRandom().integer(1, 2 ** 30)
  const many = await playMany({ lanes, seed, histories })
  console.info(historyLines(many).join('\n'))
  const failures = many.failures.map((failure) => [reproduce(failure), ...failure.problems.slice(0, 5)])
  expect(failures).toEqual([])
  const { figures, byMode } = many
  expect(figures.histories).toBe(histories)
  // What was to be survived has happened.
  const { deaths, zombies, lostReplies, failedReads, fenced, parked, reads } = figures
  for (const [name, times] of Object.entries({ deaths, zombies, lostReplies, failedReads, fenced, parked, reads }))
    expect([name, times]).not.toEqual([name, 0])
  for (const [name, times] of Object.entries(byMode)) expect([name, times]).not.toEqual([name, 0])
})

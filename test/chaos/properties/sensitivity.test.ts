import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, seededRandom, type TestDatabase } from '../../support/index.ts'
import { type Lane, openLane } from './lane.ts'
import { playMany } from './play-many.ts'
import type { Mode } from './scene-of.ts'

/** Rules that look good enough, in place of one line of finance.judge. */
const mistakes: readonly (readonly [string, Mode, string, string])[] = [
  ['the last arrival wins', 'serial', '(created_at > (guard).hi)', 'true'],
  ['of one second, the first arrival wins', 'serial', '(created_at < (guard).lo)', '(created_at <= (guard).lo)'],
  ['every read is believed', 'races', '(ticket > (guard).barrier)', 'true'],
]
const most = 200
const atOnce = 10

let database: TestDatabase
let lane: Lane
beforeAll(async () => {
  database = await createDatabase()
  lane = await openLane(database.url)
})
afterAll(async () => {
  await lane?.close()
  await database?.drop()
})

/** Histories until one of them fails. */
async function untilFailure(seed: number, mode: Mode): Promise<{ played: number; problem: string | undefined }> {
  for (let played = 0; played < most; played += atOnce) {
    const { failures } = await playMany({ lanes: [lane], seed: seed + played, histories: atOnce, mode })
    const [failure] = failures
    if (failure !== undefined) return { played: failure.seed - seed + 1, problem: failure.problems[0] }
  }
  return { played: most, problem: undefined }
}

it.each(mistakes)('histories find it: %s', { timeout: 120_000 }, async (name, mode, right, wrong) => {
  const judge = `finance.judge(finance.object_guards, smallint, bytea, timestamptz, boolean, bigint)`
  const [row] = await lane.recorder.query('select pg_get_functiondef($1::regprocedure) as text', [judge])
  const sound = String(row?.['text'])
  const broken = sound.replace(right, wrong)
  expect(broken).not.toBe(sound)
  await lane.recorder.query(broken)
  try {
    const { played, problem } = await untilFailure(seededRandom().integer(1, 2 ** 30), mode)
    console.info(`${name}: found by history ${played}: ${problem?.slice(0, 160)}`)
    expect(problem).toBeDefined()
  } finally {
    await lane.recorder.query(sound)
  }
})

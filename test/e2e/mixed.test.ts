import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type HiveProcess, runBees, startHiveProcess } from '../support/hive.ts'
import { adminQuery } from '../support/index.ts'

/** Differs from seed to seed. */
const eventsOfTheStory = (out: string) => Number(/ of (\d+) events/.exec(out)?.[1])

let empty: string
/** Stands for the real broker and the real database of somebody who has only one of them. */
let other: HiveProcess

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'colony-bees-none-'))
  other = await startHiveProcess({ env: { BEES_DIR: empty } })
})
afterAll(async () => {
  await other?.close()
  await rm(empty, { recursive: true, force: true })
})

const pick = (pattern: RegExp) => Object.fromEntries(Object.entries(other.env).filter(([name]) => pattern.test(name)))
const events = async (hive: HiveProcess) =>
  (await adminQuery(hive.env.DATABASE_URL ?? '', `select count(*)::int as n from finance.events`))[0]?.n

it('a given database with a local broker tells the story', { timeout: 60_000 }, async () => {
  const given = pick(/^(SUPABASE_(URL|SECRET_KEY)|DATABASE_URL)$/)
  await using hive = await startHiveProcess({ env: given })
  expect(hive.env.SUPABASE_URL).toBeUndefined()
  // DATABASE_URL is there for bees migrate; the local broker keeps out of that database, in which another one has its tables.
  expect(hive.env.DATABASE_URL).toBeUndefined()
  expect(hive.env.COLONIES_SERVER_PORT).not.toBe(other.env.COLONIES_SERVER_PORT)
  const { code, out, err } = await runBees(['demo'], { dataDir: hive.dataDir, env: given })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('all well')
  expect(await events(other)).toBe(eventsOfTheStory(out))
  expect(await hive.sigterm()).toBe(0)
})

it('a given broker with a local database tells the story', { timeout: 60_000 }, async () => {
  const before = await events(other)
  const given = pick(/^COLONIES_(SERVER_HOST|SERVER_PORT|SERVER_TLS|COLONY_NAME|COLONY_PRVKEY|PRVKEY)$/)
  await using hive = await startHiveProcess({ env: { ...given, BEES_POLL_SECONDS: '1' } })
  expect(hive.env.COLONIES_SERVER_HOST).toBeUndefined()
  expect(hive.env.SUPABASE_URL).not.toBe(other.env.SUPABASE_URL)
  const { code, out, err } = await runBees(['demo'], { dataDir: hive.dataDir, env: given })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('all well')
  expect(await events(hive)).toBe(eventsOfTheStory(out))
  expect(await events(other)).toBe(before)
  expect(await hive.sigterm()).toBe(0)
})

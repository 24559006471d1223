import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { Bee } from '../../src/bee/index.ts'
import { worker } from './bees.ts'
import { type Surroundings, surroundings, type TestFleet, type TestFleetOptions, testFleet } from './test-fleet.ts'

/** How long they last: `all` tests of the file (or of the describe that calls), or `each` test its own. */
type Lifetime = 'all' | 'each'

const hooks = {
  all: { before: beforeAll, after: afterAll },
  each: { before: beforeEach, after: afterEach },
} as const

interface UsedSurroundings {
  /** The present ones; to be called in tests and hooks only. */
  readonly around: () => Surroundings
  /** Starts a hive in them; it is stopped before they are closed. */
  readonly startHive: (options?: TestFleetOptions, bees?: readonly Bee[]) => Promise<TestFleet>
}

/** Registers the hooks that open and close surroundings. */
export function useSurroundings(lifetime: Lifetime): UsedSurroundings {
  const { before, after } = hooks[lifetime]
  let present: Surroundings | undefined
  let hives: TestFleet[] = []

  const around = (): Surroundings => {
    if (present === undefined) throw new Error('there are surroundings in tests and hooks only')
    return present
  }
  before(async () => {
    present = await surroundings()
  })
  after(async () => {
    const [closing, stopping] = [present, hives]
    present = undefined
    hives = []
    await Promise.all(stopping.map((hive) => hive.stop()))
    await closing?.close()
  })
  return {
    around,
    async startHive(options, bees = [worker]) {
      const hive = testFleet(around(), bees, options)
      hives.push(hive)
      await hive.fleet.start()
      return hive
    },
  }
}

/** The same with one hive, which is running when a test begins. */
export function useHive(lifetime: Lifetime, bees?: readonly Bee[]) {
  const { around, startHive } = useSurroundings(lifetime)
  let running: TestFleet | undefined
  hooks[lifetime].before(async () => {
    running = await startHive({}, bees)
  })
  const hive = (): TestFleet => {
    if (running === undefined) throw new Error('there is a hive in tests and hooks only')
    return running
  }
  return { around, hive }
}

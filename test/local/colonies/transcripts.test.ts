import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startColoniesServer } from '../../../src/local/colonies/index.ts'
import { createEmptyDatabase, type TestDatabase } from '../../support/index.ts'
import { type Difference, play } from './player.ts'
import { loadTranscripts, type Transcript } from './transcript.ts'

interface Kinder {
  readonly scenario: string
  readonly step: number
  readonly why: string
}

/** Where our server differs on purpose. Everything else must agree. */
const kinder: readonly Kinder[] = [
  { scenario: 'assign-missed-wakeup', step: 13, why: 'the right waiter is woken, so its poll is answered with work' },
  { scenario: 'assign-missed-wakeup', step: 14, why: 'follows from 13: the process is running' },
  { scenario: 'assign-missed-wakeup', step: 15, why: 'follows from 13: nothing is left to assign' },
  { scenario: 'version-serverinfo', step: 3, why: 'host, port and build values are our own' },
  { scenario: 'version-serverinfo', step: 6, why: 'host, ports and node name are our own' },
]

const transcripts = loadTranscripts()
const steps = transcripts.flatMap((transcript) => transcript.steps)

const isKinder = ({ scenario, step }: Difference) =>
  kinder.some((one) => one.scenario === scenario && one.step === step)

async function playOnOwnServer(transcript: Transcript, databaseUrl: string): Promise<readonly Difference[]> {
  const { settings } = transcript.server
  const server = await startColoniesServer({
    databaseUrl,
    poolSize: 2,
    schema: `s_${transcript.scenario.replaceAll('-', '_')}`,
    serverId: transcript.roles['serverOwner']?.id ?? '',
    settings: {
      exclusiveAssign: settings.exclusiveassign,
      allowExecutorReregister: settings.allowexecutorreregister,
      timeZone: settings.tz,
      staleExecutorDurationS: settings.staleexecutorduration_s,
      cleanupIntervalS: settings.cleanupinterval_s,
      cronCheckerPeriodMs: settings.croncheckerperiod_ms,
      generatorCheckerPeriodMs: settings.generatorcheckerperiod_ms,
    },
  })
  try {
    return await play(transcript, server.url)
  } finally {
    await server.close()
  }
}

/** Scenarios spend their time waiting; so many at once keep two cores busy without upsetting the timings. */
const together = 16

/** Plays all transcripts, a few at a time, and gives each one's differences as a promise. */
function playAll(databaseUrl: string): ReadonlyMap<string, Promise<readonly Difference[]>> {
  const lanes: Promise<unknown>[] = Array.from({ length: together }, () => Promise.resolve())
  // The longest first, so that the lanes end at about the same time.
  const byLength = transcripts.toSorted((left, right) => waitingMs(right) - waitingMs(left))
  return new Map(
    byLength.map((transcript, index) => {
      const lane = index % together
      const played = Promise.resolve(lanes[lane]).then(() => playOnOwnServer(transcript, databaseUrl))
      lanes[lane] = played.catch(() => undefined)
      return [transcript.scenario, played]
    }),
  )
}

function waitingMs({ steps }: Transcript): number {
  return steps.reduce((total, step) => total + (step.ms ?? 0) + (step.elapsedMs ?? 0), 0)
}

describe('the recorded transcripts', () => {
  let database: TestDatabase
  let plays: ReadonlyMap<string, Promise<readonly Difference[]>> = new Map()

  beforeAll(async () => {
    database = await createEmptyDatabase()
    plays = playAll(database.url)
  })
  afterAll(async () => {
    await Promise.allSettled(plays.values())
    await database.drop()
  })

  it('are 77 scenarios with 1567 steps, of which fewer than 3 % are excused', () => {
    expect(transcripts.length).toBe(77)
    expect(steps.length).toBe(1567)
    expect(kinder.every(({ why }) => why !== '')).toBe(true)
    expect(kinder.length).toBeLessThan(steps.length * 0.03)
  })

  it.each(transcripts.map((transcript) => transcript.scenario))(
    '%s agrees with the server',
    async (scenario) => {
      const differences = await plays.get(scenario)
      const unexpected = differences?.filter((one) => !isKinder(one))
      expect(unexpected?.map(({ step, what }) => `step ${step}: ${what}`).join('\n')).toBe('')
    },
    90_000,
  )

  it('differ in every excused step', async () => {
    const differences = (await Promise.all(plays.values())).flat()
    const needless = kinder.filter(
      (one) => !differences.some(({ scenario, step }) => scenario === one.scenario && step === one.step),
    )
    expect(needless).toEqual([])
  }, 90_000)
})

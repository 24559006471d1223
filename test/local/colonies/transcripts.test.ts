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
const kinder: readonly Kinder[] = []

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

describe('the recorded transcripts', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createEmptyDatabase()
  })
  afterAll(() => database.drop())

  it('are 77 scenarios with 1567 steps, of which fewer than 3 % are excused', () => {
    expect(transcripts.length).toBe(77)
    expect(steps.length).toBe(1567)
    expect(kinder.length).toBeLessThan(steps.length * 0.03)
  })

  describe.concurrent('agree with the server', () => {
    it.each(transcripts.map((transcript) => [transcript.scenario, transcript] as const))(
      '%s',
      async (_name, transcript) => {
        const differences = await playOnOwnServer(transcript, database.url)
        const unexpected = differences.filter((one) => !isKinder(one))
        expect(unexpected.map(({ step, what }) => `step ${step}: ${what}`)).toEqual([])
      },
      90_000,
    )
  })
})

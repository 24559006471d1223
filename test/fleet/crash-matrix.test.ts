import { describe, expect, it } from 'vitest'
import { type StepName, stepNames } from '../../src/fleet/index.ts'
import { signEnvelope } from '../../src/trust/index.ts'
import { seededRandom, until } from '../support/index.ts'
import { submitRaw } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around, startHive } = useSurroundings('each')

const noteOf = (row: unknown): string => (row as { note: string }).note

describe('a run that breaks off', () => {
  it('at any step boundary leads to one effect, one ledger row and a closed process', async () => {
    const broken = new Set<string>()
    await startHive({
      onStep: (step, record) => {
        const { note } = record.assignment.kwargs['input'] as { note: StepName }
        if (note !== step || broken.has(note)) return
        broken.add(note)
        throw new Error(`broken off after ${step}`)
      },
    })
    const submitted = await Promise.all(
      stepNames.map((note) =>
        around().submitter.submit({ bee: 'worker', task: 'append', input: { note }, deadlineMs: 1_000 }),
      ),
    )
    for (const { processId } of submitted) {
      expect((await around().submitter.waitFor(processId, { timeoutMs: 20_000 })).state).toBe('success')
      expect(await around().ledgerRows(processId)).toBe(1)
    }
    expect([...broken].sort()).toEqual([...stepNames].sort())
    expect((await around().effects('append')).map(noteOf).sort()).toEqual([...stepNames].sort())
  })
})

describe('a process whose envelope expires between two assignments', () => {
  /** Breaks the first run off at `at`; when the broker hands the process out again, the envelope is too old. */
  async function outcomeOf(at: StepName) {
    let brokenOff = false
    await startHive({
      onStep: (step) => {
        if (step !== at || brokenOff) return
        brokenOff = true
        throw new Error(`broken off after ${step}`)
      },
    })
    const input = { note: at }
    // Accepted for 1.5 s from now: clocks may differ by a minute, and times in it are whole seconds.
    const validForMs = 60_000
    const nowMs = Date.now() - validForMs - 60_000 + 1_500
    const subject = { colony: 'dev', bee: 'worker', task: 'append', input }
    const envelope = signEnvelope(subject, around().envelopeKey, { nowMs, validForMs })
    const { processid } = await submitRaw(around(), { input, envelope }, 'append', { maxexectime: 3 })
    const final = await around().submitter.waitFor(processid, { timeoutMs: 25_000 })
    expect(brokenOff).toBe(true)
    return { final, rows: await around().ledgerRows(processid) }
  }

  it('delivers the result that had committed in time', async () => {
    const { final, rows } = await outcomeOf('transact')
    expect(final.errors).toEqual([])
    expect(rows).toBe(1)
  })

  it('is refused when nothing had committed', async () => {
    const { final, rows } = await outcomeOf('admit')
    expect(final).toMatchObject({ state: 'failed', errors: [expect.stringMatching(/^BEE_ENVELOPE_EXPIRED/)] })
    expect(rows).toBe(0)
  })
})

describe('chaos', () => {
  it('at broker, database and hive ends with each task done exactly once', async () => {
    const { pick } = seededRandom()
    const first = await startHive()
    await startHive()
    const notes = Array.from({ length: 60 }, (_, index) => `chaos ${index}`)
    const submitted = await Promise.all(
      notes.map((note, index) =>
        around().submitter.submit({
          bee: 'worker',
          task: index % 3 === 0 ? 'once' : 'append',
          input: { note },
          deadlineMs: 4_000,
        }),
      ),
    )
    const strikes = Array.from({ length: 25 }, () => ({
      broker: {
        kind: pick([
          'lose_reply',
          'lose_assign_reply',
          'empty_500',
          'reset',
          'http200_error',
          'missed_wakeup',
        ] as const),
      },
      database: {
        kind: pick([
          'drop_reply_after_commit',
          'reset_before_commit',
          'empty_404',
          'html_502',
          'unavailable_503',
        ] as const),
        retryAfterSeconds: 0,
      },
    }))
    const done = async (): Promise<number> => {
      const { rows } = await around().admin.query('select count(*)::int as n from colonies.processes where state = 2')
      return (rows[0] as { n: number }).n
    }
    for (const [index, strike] of strikes.entries()) {
      around().broker().faults.inject(strike.broker)
      around().gateway.faults.add(strike.database)
      const struck = await done()
      // One hive is torn out in the middle, and one comes.
      if (index === 8) await first.fleet.force()
      if (index === 9) await startHive()
      await until(async () => (await done()) > struck, { timeoutMs: 1_500 }).catch(() => undefined)
    }
    around().broker().faults.clear()
    around().gateway.faults.clear()
    for (const { processId } of submitted) {
      expect((await around().submitter.waitFor(processId, { timeoutMs: 40_000 })).state).toBe('success')
    }
    const effects = [...(await around().effects('append')), ...(await around().effects('once'))].map(noteOf)
    expect(effects.sort()).toEqual([...notes].sort())
  }, 120_000)
})

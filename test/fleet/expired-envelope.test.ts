import { describe, expect, it } from 'vitest'
import type { StepName } from '../../src/fleet/index.ts'
import { signEnvelope } from '../../src/trust/index.ts'
import { submitRaw } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around, startHive } = useSurroundings('each')

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

import { expect, it } from 'vitest'
import type { Notice } from '../../src/telemetry/index.ts'
import { generateSeed, SigningKey, signEnvelope } from '../../src/trust/index.ts'
import { worker } from './bees.ts'
import { submitAndWait, submitRaw, testFleet } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around } = useSurroundings('all')

it('tells of each envelope that is refused, by bee and task, with nothing of its content; of nothing else', async () => {
  const notices: Notice[] = []
  const hive = testFleet(around(), [worker], { notify: (notice) => void notices.push(notice) })
  await hive.fleet.start()
  try {
    const input = { note: 'canary' }
    const subject = { colony: 'dev', bee: 'worker', task: 'append', input }
    const forged = signEnvelope(subject, new SigningKey(generateSeed()), { nowMs: Date.now() })
    for (const kwargs of [{ input }, { input, envelope: forged }]) {
      const { processid } = await submitRaw(around(), kwargs)
      expect((await around().submitter.waitFor(processid, { timeoutMs: 20_000 })).state).toBe('failed')
    }
    await submitAndWait(around(), { bee: 'worker', task: 'append', input })
    expect(notices).toEqual([
      { what: 'envelope_refused', where: 'worker/append', code: 'BEE_ENVELOPE_MISSING' },
      { what: 'envelope_refused', where: 'worker/append', code: 'BEE_ENVELOPE_UNTRUSTED' },
    ])
  } finally {
    await hive.stop()
  }
})

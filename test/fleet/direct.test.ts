import { beforeAll, describe, expect, it } from 'vitest'
import { createDirect, type RunDirect } from '../../src/fleet/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { createMetrics, silentLog } from '../../src/telemetry/index.ts'
import { verifyReceipt } from '../../src/trust/index.ts'
import { worker } from './bees.ts'
import { submitAndWait, testFleet, testLedger } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around } = useSurroundings('all')
let direct: RunDirect
const soon = () => ({ deadlineMs: performance.now() + 5_000 })

function directOf(): RunDirect {
  return createDirect({
    bees: [worker],
    ledger: testLedger(around()),
    colony: 'dev',
    receiptKey: around().receiptKey,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ version: 'test' }),
    env: {},
  })
}

beforeAll(() => {
  direct = directOf()
})

describe('the direct path', () => {
  it('has one effect for a key, with a receipt that verifies, however often it is taken', async () => {
    const first = await direct('worker', 'once', { note: 'direct' }, soon())
    const again = await direct('worker', 'once', { note: 'direct' }, soon())
    expect(first.outcome).toBe('applied')
    expect(again).toMatchObject({ outcome: 'replayed', process: first.process, result: first.result })
    expect(first.process).toMatch(/^direct:[0-9a-f]{64}$/)
    const keys = [around().receiptKey.trusted()]
    expect(verifyReceipt(first.receipt ?? '', keys, { process: first.process })).toMatchObject({ ok: true })
    expect(await around().effects('once')).toEqual([{ note: 'direct' }])
  })

  it('and a process at the broker with the same key have one effect together', async () => {
    const hive = testFleet(around(), [worker])
    await hive.fleet.start()
    const both = await Promise.all([
      direct('worker', 'once', { note: 'both ways' }, soon()),
      submitAndWait(around(), { bee: 'worker', task: 'once', input: { note: 'both ways' } }),
    ])
    expect(both[1].state).toBe('success')
    expect(both[1].result).toEqual(both[0].result)
    expect(
      (await around().effects('once')).filter((row) => (row as { note: string }).note === 'both ways'),
    ).toHaveLength(1)
    await hive.stop()
  })

  it('of two hives at once makes two chains of receipts, and one effect', async () => {
    const other = directOf()
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? direct : other)('worker', 'once', { note: 'race' }, soon()),
      ),
    )
    expect(runs.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1)
    expect(new Set(runs.map(({ result }) => JSON.stringify(result))).size).toBe(1)
  })

  it('throws with the class of the failure', async () => {
    const code = (run: Promise<unknown>) =>
      run.then(
        () => 'none',
        (error: { code: string; failure: string }) => `${error.failure} ${error.code}`,
      )
    expect(await code(direct('nobody', 'once', {}, soon()))).toBe('terminal BEE_TASK_UNKNOWN')
    expect(await code(direct('worker', 'nothing', {}, soon()))).toBe('terminal BEE_TASK_UNKNOWN')
    expect(await code(direct('worker', 'once', { note: 5 }, soon()))).toBe('terminal BEE_INPUT_INVALID')
    expect(await code(direct('worker', 'wrong_shape', { note: 'x' }, soon()))).toBe('terminal BEE_OUTPUT_INVALID')
    expect(await code(direct('worker', 'throws', { secret: 's3cret', terminal: false }, soon()))).toBe(
      'retryable BEE_HANDLER_FAILED',
    )
    expect(await code(direct('worker', 'once', { note: 'x' }, { deadlineMs: performance.now() - 1 }))).toBe(
      'retryable BEE_DEADLINE',
    )
    const aborted = AbortSignal.abort(new Error('the client has gone'))
    expect(await code(direct('worker', 'once', { note: 'gone' }, { ...soon(), signal: aborted }))).not.toBe('none')
    expect((await around().effects('once')).filter((row) => (row as { note: string }).note === 'gone')).toEqual([])
  })

  it('ends in time even when the database does not answer', async () => {
    around().gateway.faults.add({ kind: 'stall_body', times: null })
    const begun = performance.now()
    await expect(direct('worker', 'once', { note: 'stalled' }, { deadlineMs: begun + 1_000 })).rejects.toMatchObject({
      failure: expect.stringMatching(/retryable|unknown_outcome/),
    })
    expect(performance.now() - begun).toBeLessThan(1_500)
    around().gateway.faults.clear()
    const done = await direct('worker', 'once', { note: 'stalled' }, soon())
    expect(done.result).toEqual({ row: expect.any(Number) })
    expect((await around().effects('once')).filter((row) => (row as { note: string }).note === 'stalled')).toHaveLength(
      1,
    )
  })
})

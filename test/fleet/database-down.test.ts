import { describe, expect, it } from 'vitest'
import { until } from '../support/index.ts'
import { submitAndWait } from './test-fleet.ts'
import { useHive } from './use-hive.ts'

const { around, hive } = useHive('each')

const status = () => {
  const [bee] = hive().fleet.status().bees
  if (bee === undefined) throw new Error('the hive has no bee')
  return bee
}
const append = (note: string) => ({ bee: 'worker', task: 'append', input: { note }, deadlineMs: 3_000 })
const polls = async (): Promise<number> => {
  const text = await hive().metrics.render()
  return [...text.matchAll(/^bees_polls_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

describe('a database in trouble', () => {
  it('stops the polls while the breaker is open; what waits stays with the broker until it is back', async () => {
    around().gateway.faults.add({ kind: 'unavailable_503', times: null, retryAfterSeconds: 0, commits: false })
    const first = await around().submitter.submit(append('first'))
    await until(() => hive().ledger.breaker.state === 'open', { timeoutMs: 10_000 })
    await until(() => status().state === 'suspended' && status().hold === 'database')
    // One more may come by the poll that was open; after that the queue is left alone but for the probes.
    const waiting = await Promise.all(
      Array.from({ length: 6 }, (_, index) => around().submitter.submit(append(`w${index}`))),
    )
    await until(() => status().hold === 'database')
    const taken = async () =>
      (await Promise.all(waiting.map(({ processId }) => around().client.getProcess(processId)))).filter(
        ({ state }) => state !== 0,
      )
    expect((await taken()).length).toBeLessThan(waiting.length)
    around().gateway.faults.clear()
    for (const { processId } of [first, ...waiting]) {
      expect((await around().submitter.waitFor(processId, { timeoutMs: 25_000 })).state).toBe('success')
    }
    expect(await around().effects()).toHaveLength(7)
    expect(status().state).not.toBe('suspended')
  })

  it.each([
    'drop_reply_after_commit',
    'reset_before_commit',
    'empty_404',
    'array_404',
    'html_502',
    'unavailable_503',
    'not_json_200',
  ] as const)('that answers with %s: one effect and the right result', async (kind) => {
    around().gateway.faults.add({ kind, function: 'bee_execute', retryAfterSeconds: 0 })
    const ended = await submitAndWait(around(), append(kind), 20_000)
    expect(ended.state).toBe('success')
    expect(await around().effects()).toEqual([{ note: kind }])
    expect(ended.result).toEqual({ row: expect.any(Number) })
    expect(await around().ledgerRows(ended.processId)).toBe(1)
    expect(ended.receipt).not.toBeNull()
  })

  it('that loses the answer to the receipts: they are stored once, and the chain has no gap', async () => {
    await submitAndWait(around(), append('before'))
    // The second call of a process is the one that stores its receipt.
    const { processId } = await around().submitter.submit(append('receipt lost'))
    await until(async () => (await around().ledgerRows(processId)) === 1)
    around().gateway.faults.add({ kind: 'drop_reply_after_commit', times: 2 })
    expect((await around().submitter.waitFor(processId, { timeoutMs: 20_000 })).state).toBe('success')
    around().gateway.faults.clear()
    await submitAndWait(around(), append('after'))
    const { rows } = await around().admin.query('select seq::int from bees.receipts order by seq')
    expect(rows).toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }])
  })

  it('does not spin: an idle, healthy hive polls about as often as its polls end', async () => {
    const before = await polls()
    const begun = performance.now()
    await until(async () => (await polls()) >= before + 2, { timeoutMs: 10_000 })
    expect(performance.now() - begun).toBeGreaterThan(900)
  })
})

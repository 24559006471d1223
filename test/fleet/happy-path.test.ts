import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/canonical.ts'
import { verifyReceipt } from '../../src/trust/index.ts'
import { worker } from './bees.ts'
import { submitAndWait } from './test-fleet.ts'
import { useHive } from './use-hive.ts'

const { around, hive } = useHive('all')

const verify = (receipt: string | null, expectations: Parameters<typeof verifyReceipt>[2]) =>
  verifyReceipt(receipt ?? '', [around().receiptKey.trusted()], expectations)

describe('a task from submit to close', () => {
  it('has one effect, one ledger row, and a receipt that verifies and is stored', async () => {
    const input = { note: 'hello', secret: 'canary-hello' }
    const done = await submitAndWait(around(), { bee: 'worker', task: 'append', input })
    expect(done.errors).toEqual([])
    expect(done.state).toBe('success')
    const [effect] = await around().effects('append')
    expect(effect).toEqual(input)
    expect(done.result).toEqual({ row: expect.any(Number), secret: '[sensitive]' })
    expect(await around().ledgerRows(done.processId)).toBe(1)
    const verdict = verify(done.receipt, { process: done.processId })
    expect(verdict).toMatchObject({ ok: true })
    const stored = await hive().ledger.read('dev', done.processId, { deadlineMs: performance.now() + 5_000 })
    expect(stored.receipts.map(({ jws }) => jws)).toEqual([done.receipt])
    const claims = JSON.parse(Buffer.from((done.receipt ?? '').split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({
      bee: 'worker',
      task: 'append',
      outcome: 'applied',
      input: digestOf(input),
      output: digestOf(done.result),
      error: null,
      ledger: [{ id: stored.rows[0]?.ledger_id, step: 1, output: digestOf(stored.rows[0]?.output) }],
    })
  })

  it('runs numbered steps, each with its ledger row', async () => {
    const done = await submitAndWait(around(), { bee: 'worker', task: 'steps', input: { note: 's' } })
    expect(done.state).toBe('success')
    expect(await around().effects('steps')).toEqual([{ note: 's 1' }, { note: 's 2' }])
    expect(await around().ledgerRows(done.processId)).toBe(2)
  })

  it('answers a second process with the same business key from the ledger', async () => {
    const task = { bee: 'worker', task: 'once', input: { note: 'same key' } }
    const first = await submitAndWait(around(), task)
    const second = await submitAndWait(around(), task)
    expect(second.processId).not.toBe(first.processId)
    expect(second.result).toEqual(first.result)
    expect(await around().effects('once')).toHaveLength(1)
    expect(JSON.parse(Buffer.from((second.receipt ?? '').split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      outcome: 'replayed',
    })
  })

  it('waits for a transaction that the handler started without waiting for it', async () => {
    const done = await submitAndWait(around(), { bee: 'worker', task: 'careless', input: { note: 'c' } })
    expect(done.state).toBe('success')
    expect(await around().ledgerRows(done.processId)).toBe(1)
    const claims = JSON.parse(Buffer.from((done.receipt ?? '').split('.')[1] ?? '', 'base64url').toString())
    expect(claims.ledger).toHaveLength(1)
  })

  it('registers its functions with their descriptions', async () => {
    const [bee] = hive().fleet.status().bees
    const functions = await around().client.getFunctions(bee?.executorName ?? '', 'dev')
    expect(functions.map(({ funcname }) => funcname).sort()).toEqual([...worker.tasks.keys()].sort())
    expect(functions.find(({ funcname }) => funcname === 'append')?.description).toBe('Writes one row.')
  })

  it('makes a chain of receipts without a gap over many processes', async () => {
    const inputs = Array.from({ length: 30 }, (_, index) => ({ note: `many ${index}` }))
    const done = await Promise.all(
      inputs.map((input) => submitAndWait(around(), { bee: 'worker', task: 'append', input })),
    )
    expect(done.map(({ state }) => state)).toEqual(inputs.map(() => 'success'))
    const { rows } = await around().admin.query('select seq::int from bees.receipts order by seq')
    expect(rows.map((row: { seq: number }) => row.seq)).toEqual(rows.map((_: unknown, index: number) => index + 1))
  })

  it('says what it is doing', () => {
    const status = hive().fleet.status()
    expect(status.breaker).toBe('closed')
    expect(status.receiptsPending).toBe(0)
    expect(status.bees[0]).toMatchObject({ bee: 'worker', state: 'polling', slots: { total: 2, busy: 0, stuck: 0 } })
    expect(status.bees[0]?.lastPollAgeMs).toBeLessThan(5_000)
  })
})

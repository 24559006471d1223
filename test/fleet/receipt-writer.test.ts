import { describe, expect, it } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import { createReceiptWriter } from '../../src/fleet/receipt-writer.ts'
import type { ReceiptHead, StoredReceipt } from '../../src/ledger/index.ts'
import { manualClock } from '../../src/resilience/index.ts'
import { silentLog } from '../../src/telemetry/index.ts'

const receipt = (seq: number, executor = 'e'): StoredReceipt => ({
  digest: `${executor}${seq}`,
  colony: 'dev',
  process: `p${seq}`,
  executor,
  seq,
  previous: null,
  kid: 'k',
  outcome: 'applied',
  ledger_ids: [],
  jws: 'a.b.c',
})

/** A writer whose store calls a test answers one by one. */
function bench() {
  const clock = manualClock()
  const calls: { readonly digests: readonly string[]; readonly answer: (error?: BeeError) => Promise<void> }[] = []
  const gaps: { executor: string; head: ReceiptHead | null }[] = []
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const writer = createReceiptWriter({
    clock,
    log: silentLog,
    random: () => 0.5,
    onGap: (executor, head) => gaps.push({ executor, head }),
    ledger: {
      storeReceipts: (receipts) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const answer = (error?: BeeError): Promise<void> => {
          if (error === undefined) resolve()
          else reject(error)
          return settle()
        }
        calls.push({ digests: receipts.map(({ digest }) => digest), answer })
        return promise
      },
    },
  })
  const add = (...receipts: StoredReceipt[]): string[] => {
    const ended: string[] = []
    for (const one of receipts) {
      writer.add(one)
      writer.stored(one, clock.monotonicMs() + 1_000).then(
        () => ended.push(`${one.digest} stored`),
        (error: BeeError) => ended.push(`${one.digest} ${error.failure} ${error.code}`),
      )
    }
    return ended
  }
  return { clock, writer, calls, gaps, add }
}

describe('the receipt writer', () => {
  it('has one call in flight; the next takes all that gathered, in order', async () => {
    const { calls, add, writer } = bench()
    const ended = add(receipt(1), receipt(2), receipt(3))
    expect(calls.map(({ digests }) => digests)).toEqual([['e1']])
    await calls[0]?.answer()
    expect(calls.map(({ digests }) => digests)).toEqual([['e1'], ['e2', 'e3']])
    expect(ended).toEqual(['e1 stored'])
    await calls[1]?.answer()
    expect(ended).toEqual(['e1 stored', 'e2 stored', 'e3 stored'])
    expect(writer.pending).toBe(0)
  })

  it('keeps receipts until they are stored, even when nobody waits any longer', async () => {
    const { clock, calls, add, writer } = bench()
    const ended = add(receipt(1))
    await calls[0]?.answer(new BeeError('BEE_TRANSACTION_TRANSIENT'))
    await clock.advance(1_001)
    expect(ended).toEqual(['e1 retryable BEE_DEADLINE'])
    expect(writer.pending).toBe(1)
    const flushed = writer.flush(clock.monotonicMs() + 5_000)
    await calls.at(-1)?.answer()
    expect(await flushed).toBe(0)
  })

  it('says how many are not stored when a flush runs out of time', async () => {
    const { clock, add, writer } = bench()
    add(receipt(1), receipt(2))
    const flushed = writer.flush(clock.monotonicMs() + 500)
    await clock.advance(500)
    expect(await flushed).toBe(2)
  })

  it('does not let a receipt that is refused for good hold up the others', async () => {
    const { calls, add } = bench()
    const ended = add(receipt(1), receipt(1, 'f'), receipt(1, 'g'))
    await calls[0]?.answer()
    await calls[1]?.answer(new BeeError('BEE_TRANSACTION_REFUSED'))
    await calls[2]?.answer(new BeeError('BEE_TRANSACTION_REFUSED'))
    await calls[3]?.answer()
    expect(calls.map(({ digests }) => digests)).toEqual([['e1'], ['f1', 'g1'], ['f1'], ['g1']])
    expect(ended).toEqual(['e1 stored', 'f1 terminal BEE_TRANSACTION_REFUSED', 'g1 stored'])
  })

  it('takes a broken chain up at the end that the ledger has, and has the processes run again', async () => {
    const { calls, add, gaps } = bench()
    const ended = add(receipt(1, 'f'), receipt(5), receipt(6), receipt(2, 'f'))
    await calls[0]?.answer()
    const details = { index: 0, headSeq: 7, headDigest: 'abc' }
    await calls[1]?.answer(new BeeError('BEE_RECEIPT_CHAIN_BROKEN', undefined, { details }))
    await calls[2]?.answer()
    expect(gaps).toEqual([{ executor: 'e', head: { seq: 7, digest: 'abc' } }])
    expect(calls[2]?.digests).toEqual(['f2'])
    expect(ended.slice(1).sort()).toEqual([
      'e5 retryable BEE_RECEIPT_CHAIN_BROKEN',
      'e6 retryable BEE_RECEIPT_CHAIN_BROKEN',
      'f2 stored',
    ])
  })
})

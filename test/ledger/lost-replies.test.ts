import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FaultInput } from '../../src/local/gateway/index.ts'
import { seededRandom } from '../support/index.ts'
import { type GatewayLedger, gatewayLedger, within } from './gateway-ledger.ts'
import { hex, nonce, receiptChain, transactionCall } from './ledger-database.ts'

let stack: GatewayLedger
beforeAll(async () => {
  stack = await gatewayLedger()
})
afterEach(() => stack.gateway.faults.clear())
afterAll(() => stack.close())

const effectsOf = async (mark: string) =>
  (await stack.effects()).filter((payload) => JSON.stringify(payload).includes(mark)).length

const faults: readonly (readonly [name: string, fault: FaultInput, outcome: 'applied' | 'replayed'])[] = [
  ['a connection cut after the commit', { kind: 'drop_reply_after_commit' }, 'replayed'],
  ['a connection cut before the commit', { kind: 'reset_before_commit' }, 'applied'],
  ['a body that stalls', { kind: 'stall_body' }, 'replayed'],
  ['an empty 404', { kind: 'empty_404' }, 'replayed'],
  ['an empty 404 and nothing done', { kind: 'empty_404', commits: false }, 'applied'],
  ['a 404 with []', { kind: 'array_404' }, 'replayed'],
  ['a 404 with [] and nothing done', { kind: 'array_404', commits: false }, 'applied'],
  ['a 502 page', { kind: 'html_502' }, 'replayed'],
  ['a 503 with Retry-After', { kind: 'unavailable_503' }, 'replayed'],
  ['a 503 and nothing done', { kind: 'unavailable_503', commits: false, retryAfterSeconds: 0 }, 'applied'],
  ['a 200 that is not JSON', { kind: 'not_json_200' }, 'replayed'],
  ['an answer after we left', { kind: 'delay_after_commit', delayMs: 1500 }, 'replayed'],
  ['a commit after we left', { kind: 'delay_before_commit', delayMs: 1200 }, 'replayed'],
]

describe('each way of losing an answer ends in one effect and the right result', () => {
  test.each(faults)('%s', async (_, fault, outcome) => {
    const ledger = stack.open()
    const mark = hex(8)
    const call = transactionCall({ payload: { mark }, nonce: nonce(), key: mark })
    stack.gateway.faults.add(fault)
    const struck = stack.gateway.faults.struck()
    const result = await ledger.transact(call, within(10_000))
    expect(stack.gateway.faults.struck()).toBe(struck + 1)
    expect(ledger.requests()).toBeGreaterThanOrEqual(2)
    expect(result).toMatchObject({ outcome, step: 1, output: { done: { mark }, process: call.process } })
    expect(await effectsOf(mark)).toBe(1)
    // Another process with the key, and the first one again, hear the same.
    for (const again of [call, { ...call, process: hex(), nonce: nonce() }])
      expect(await ledger.transact(again, within(5000))).toEqual({ ...result, outcome: 'replayed' })
  })

  test('one after the other, in a random order, for many processes at once', async () => {
    const random = seededRandom()
    const ledger = stack.open({
      retry: { tries: 60, baseMs: 1, factor: 1.5, capMs: 30 },
      tryTimeoutMs: 400,
      // Out of the way: here the calls themselves are looked at.
      breaker: { failures: 1000 },
    })
    const pool = faults.map(([, fault]) => ({ ...fault, delayMs: 500, retryAfterSeconds: 0 }))
    for (let i = 0; i < 60; i += 1) stack.gateway.faults.add(random.pick(pool))
    const marks = Array.from({ length: 40 }, () => hex(8))
    const results = await Promise.all(
      marks.map((mark) => ledger.transact(transactionCall({ payload: { mark }, key: mark }), within(25_000))),
    )
    expect(results.map((result) => result.output)).toMatchObject(marks.map((mark) => ({ done: { mark } })))
    for (const mark of marks) expect(await effectsOf(mark)).toBe(1)
  })

  test('a backend that is killed in the middle', async () => {
    const ledger = stack.open({ tryTimeoutMs: 5000 })
    const mark = hex(8)
    const call = transactionCall({ task: 'wait', payload: { mark, seconds: 0.3 } })
    const running = ledger.transact(call, within(10_000))
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
    await expect.poll(async () => (await stack.admin.query(kill)).rowCount).toBe(1)
    expect(await running).toMatchObject({ outcome: 'applied' })
    expect(ledger.requests()).toBe(2)
    expect(await effectsOf(mark)).toBe(1)
    expect(await stack.count(`bees.ledger where process = '${call.process}'`)).toBe(1)
  })

  test('receipts are stored once too', async () => {
    const ledger = stack.open()
    const chain = receiptChain(3)
    const executor = chain[0]?.executor ?? ''
    stack.gateway.faults.add({ kind: 'drop_reply_after_commit', times: 2 })
    await ledger.storeReceipts(chain, within(5000))
    expect(await ledger.receiptHead('test-colony', executor, within(5000))).toEqual({
      seq: 3,
      digest: chain[2]?.digest,
    })
  })
})

describe('Retry-After', () => {
  test('is waited for', async () => {
    const ledger = stack.open()
    stack.gateway.faults.add({ kind: 'unavailable_503', retryAfterSeconds: 1 })
    const startMs = performance.now()
    await ledger.transact(transactionCall(), within(10_000))
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1000)
  })

  test('that does not fit into the budget ends the call at once', async () => {
    const ledger = stack.open()
    stack.gateway.faults.add({ kind: 'unavailable_503', retryAfterSeconds: 60, commits: false })
    const startMs = performance.now()
    await expect(ledger.transact(transactionCall(), within(10_000))).rejects.toMatchObject({
      code: 'BEE_TRANSACTION_TRANSIENT',
      retryAfterMs: 60_000,
    })
    expect(performance.now() - startMs).toBeLessThan(2000)
    expect(ledger.requests()).toBe(1)
  })
})

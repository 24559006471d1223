import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import { createLedger } from '../../src/ledger/index.ts'
import { manualClock } from '../../src/resilience/index.ts'
import type { BreakerState } from '../../src/telemetry/index.ts'
import { createEmptyDatabase, startTestGateway } from '../support/index.ts'
import { type GatewayLedger, gatewayLedger, within } from './gateway-ledger.ts'
import { fence, hex, nonce, receiptChain, transactionCall } from './ledger-database.ts'

let stack: GatewayLedger
beforeAll(async () => {
  stack = await gatewayLedger()
})
afterEach(() => stack.gateway.faults.clear())
afterAll(() => stack.close())

const failure = (promise: Promise<unknown>): Promise<BeeError> =>
  promise.then(
    () => Promise.reject(new Error('expected an error')),
    (error: unknown) => (error instanceof BeeError ? error : Promise.reject(error)),
  )

describe('refusals', () => {
  test('come with the codes of the catalogue, after one request', async () => {
    const ledger = stack.open()
    const call = transactionCall({ key: hex(), nonce: nonce(), fence: fence(1) })
    await ledger.transact(call, within(5000))
    await ledger.revoke('test-colony', 'a'.repeat(64), 'test', within(5000))
    const cases = [
      [{ ...call, step: 2, fence: fence(0) }, 'BEE_FENCED'],
      [{ ...call, process: 'a'.repeat(64) }, 'BEE_REVOKED'],
      [{ ...call, process: hex() }, 'BEE_ENVELOPE_REPLAYED'],
      [{ ...call, input_digest: hex() }, 'BEE_INPUT_MISMATCH'],
    ] as const
    const before = ledger.requests()
    for (const [refused, code] of cases)
      expect(await failure(ledger.transact(refused, within(5000)))).toMatchObject({ code })
    expect(ledger.requests()).toBe(before + cases.length)
    const missing = await failure(ledger.transact(transactionCall({ task: 'not_there' }), within(5000)))
    expect(missing).toMatchObject({ code: 'BEE_TRANSACTION_MISSING', failure: 'retryable' })
  })

  test('a broken chain of receipts says where it stands', async () => {
    const ledger = stack.open()
    const chain = receiptChain(3)
    await ledger.storeReceipts(chain.slice(0, 1), within(5000))
    expect(await failure(ledger.storeReceipts(chain.slice(2), within(5000)))).toMatchObject({
      code: 'BEE_RECEIPT_CHAIN_BROKEN',
      details: { index: 0, headSeq: 1, headDigest: chain[0]?.digest },
    })
    await ledger.storeReceipts([], within(5000))
  })

  test('errors of the task carry its SQLSTATE and never its words', async () => {
    const ledger = stack.open()
    for (const [sqlstate, code] of [
      ['P0001', 'BEE_TRANSACTION_REFUSED'],
      ['23514', 'BEE_TRANSACTION_REFUSED'],
      ['40P01', 'BEE_TRANSACTION_TRANSIENT'],
    ] as const) {
      const error = await failure(
        ledger.transact(transactionCall({ task: 'fail', payload: { sqlstate } }), within(5000)),
      )
      expect(error).toMatchObject({ code, details: { sqlstate }, message: expect.stringContaining(sqlstate) })
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('canary')
    }
  })

  test('a key that may not is told as configuration, and nothing happens', async () => {
    for (const key of [stack.gateway.keys.anon, stack.gateway.keys.authenticated, 'sb_secret_of_somebody_else']) {
      const ledger = stack.open({ key })
      expect(await failure(ledger.transact(transactionCall({ payload: key }), within(5000)))).toMatchObject({
        code: 'BEE_TRANSACTION_FORBIDDEN',
        // Not terminal: a mistake in a key must not close the work of a whole night as failed.
        failure: 'retryable',
      })
    }
    expect(await stack.effects()).not.toContain(stack.gateway.keys.anon)
  })

  test('an unknown key opens the breaker, so that nothing is taken that cannot be settled', async () => {
    const ledger = stack.open({ key: 'sb_secret_of_somebody_else', breaker: { failures: 2 } })
    for (let count = 0; count < 2 && ledger.breaker.state === 'closed'; count += 1) {
      await failure(ledger.transact(transactionCall(), within(5000)))
    }
    expect(ledger.breaker.state).toBe('open')
  })

  test('the narrow role is enough', async () => {
    const ledger = stack.open({ key: stack.gateway.keys.bee })
    expect(await ledger.transact(transactionCall(), within(5000))).toMatchObject({ outcome: 'applied' })
  })

  test('a database without our migrations is told as missing', async () => {
    await using database = await createEmptyDatabase()
    await using gateway = await startTestGateway(database.url)
    const ledger = stack.open({ url: gateway.url })
    expect(await failure(ledger.transact(transactionCall(), within(5000)))).toMatchObject({
      code: 'BEE_TRANSACTION_MISSING',
      details: { sqlstate: 'PGRST202' },
    })
  })
})

describe('after an unknown outcome', () => {
  test.each(['empty_404', 'array_404'] as const)(
    'the error says what was sent, not what the client made of it: %s',
    async (kind) => {
      stack.gateway.faults.add({ kind })
      const ledger = stack.open({ retry: { tries: 1, baseMs: 0, factor: 1, capMs: 0 } })
      expect(await failure(ledger.transact(transactionCall(), within(5000)))).toMatchObject({
        code: 'BEE_TRANSACTION_UNKNOWN',
        details: { status: 404 },
      })
    },
  )

  test('a refusal that did not look into the ledger leaves it unknown', async () => {
    let requests = 0
    const rotated: typeof fetch = (input, init) => {
      requests += 1
      if (requests === 1) return fetch(input, init)
      const headers = new Headers(init?.headers)
      headers.set('apikey', stack.gateway.keys.anon)
      headers.set('authorization', `Bearer ${stack.gateway.keys.anon}`)
      return fetch(input, { ...init, headers })
    }
    stack.gateway.faults.add({ kind: 'drop_reply_after_commit' })
    const error = await failure(stack.open({ fetch: rotated }).transact(transactionCall(), within(5000)))
    expect(requests).toBeGreaterThan(1)
    expect(error).toMatchObject({ code: 'BEE_TRANSACTION_UNKNOWN', failure: 'unknown_outcome' })
  })

  test('a refusal from inside the ledger settles it', async () => {
    stack.gateway.faults.add({ kind: 'reset_before_commit' })
    const call = transactionCall({ task: 'fail', payload: { sqlstate: 'P0001' } })
    expect(await failure(stack.open().transact(call, within(5000)))).toMatchObject({ code: 'BEE_TRANSACTION_REFUSED' })
  })
})

describe('budget', () => {
  test('a try that cannot finish is not started', async () => {
    const clock = manualClock()
    const ledger = stack.open({ clock, minTryMs: 250 })
    const error = await failure(ledger.transact(transactionCall(), { deadlineMs: clock.monotonicMs() + 249 }))
    expect(error).toMatchObject({ code: 'BEE_DEADLINE' })
    expect(ledger.requests()).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('a try is cut at the end of the budget, the body included, and the outcome is unknown', async () => {
    stack.gateway.faults.add({ kind: 'stall_body', times: null })
    const startMs = performance.now()
    const error = await failure(stack.open({ tryTimeoutMs: 4000 }).transact(transactionCall(), within(600)))
    expect(error).toMatchObject({ code: 'BEE_TRANSACTION_UNKNOWN', details: { stopped: false } })
    expect(performance.now() - startMs).toBeGreaterThan(500)
    expect(performance.now() - startMs).toBeLessThan(2000)
  })

  test('the caller can stop waiting; the work goes on and is found again', async () => {
    stack.gateway.faults.add({ kind: 'stall_body' })
    const ledger = stack.open()
    const call = transactionCall({ payload: { mark: hex() } })
    const controller = new AbortController()
    const running = failure(ledger.transact(call, { ...within(10_000), signal: controller.signal }))
    await expect.poll(() => stack.count(`bees.ledger where process = '${call.process}'`)).toBe(1)
    controller.abort(new BeeError('BEE_OWNERSHIP_LOST'))
    expect(await running).toMatchObject({ code: 'BEE_TRANSACTION_UNKNOWN', details: { stopped: true } })
    expect(ledger.requests()).toBe(1)
    expect(ledger.breaker.state).toBe('closed')
    expect(await ledger.transact(call, within(5000))).toMatchObject({ outcome: 'replayed' })
  })

  test('a signal that is aborted already sends nothing', async () => {
    const ledger = stack.open()
    const reason = new BeeError('BEE_CANCELLED')
    const options = { ...within(5000), signal: AbortSignal.abort(reason) }
    expect(await failure(ledger.transact(transactionCall(), options))).toBe(reason)
    expect(ledger.requests()).toBe(0)
  })

  test('only so many calls are under way at once, and waiting spends the budget', async () => {
    let inside = 0
    let most = 0
    const watched: typeof fetch = async (input, init) => {
      inside += 1
      most = Math.max(most, inside)
      return fetch(input, init).finally(() => {
        inside -= 1
      })
    }
    const ledger = stack.open({ concurrency: 2, fetch: watched })
    await Promise.all(Array.from({ length: 12 }, () => ledger.transact(transactionCall(), within(10_000))))
    expect(most).toBe(2)
    stack.gateway.faults.add({ kind: 'stall_body', times: 2 })
    const blockers = [1, 2].map(() => ledger.transact(transactionCall(), within(5000)))
    expect(await failure(ledger.transact(transactionCall(), within(300)))).toMatchObject({ code: 'BEE_DEADLINE' })
    await Promise.all(blockers)
  })
})

describe('breaker', () => {
  test('opens on failures, sends nothing while open, closes by one probe, and says so', async () => {
    const states: BreakerState[] = []
    const rpcs: string[] = []
    const metrics = {
      rpc: (operation: string, outcome: string) => rpcs.push(`${operation} ${outcome}`),
      retry: () => undefined,
      breaker: (_: string, state: BreakerState) => states.push(state),
    }
    const once = { tries: 1, baseMs: 0, factor: 1, capMs: 0 }
    const ledger = stack.open({ metrics, retry: once, breaker: { failures: 3, openMs: 150 } })
    stack.gateway.faults.add({ kind: 'unavailable_503', times: 3, commits: false, retryAfterSeconds: 0 })
    for (let i = 0; i < 3; i += 1) await failure(ledger.keys(within(5000)))
    expect(ledger.breaker.state).toBe('open')
    expect(await failure(ledger.keys(within(5000)))).toMatchObject({ code: 'BEE_BREAKER_OPEN' })
    expect(ledger.requests()).toBe(3)
    await expect.poll(() => ledger.breaker.state).toBe('half_open')
    await ledger.keys(within(5000))
    expect(states).toEqual(['open', 'half_open', 'closed'])
    expect(rpcs).toEqual([...Array(3).fill('keys retryable'), 'keys ok'])
  })

  test('stays closed on terminal errors, missing functions and lock trouble', async () => {
    const ledger = stack.open({ breaker: { failures: 2, openMs: 60_000 } })
    for (const sqlstate of ['P0001', '40P01', '55P03', '42883']) {
      await failure(ledger.transact(transactionCall({ task: 'fail', payload: { sqlstate } }), within(5000)))
      expect(ledger.breaker.state).toBe('closed')
    }
    await failure(ledger.transact(transactionCall({ task: 'not_there' }), within(5000)))
    expect(ledger.breaker.state).toBe('closed')
  })
})

describe('the key', () => {
  test('does not follow a redirect to another host', async () => {
    const seen: string[] = []
    const thief = createServer((request, response) => {
      seen.push(String(request.headers['apikey']))
      response.end('{}')
    })
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
    const target = `http://127.0.0.1:${(thief.address() as AddressInfo).port}`
    const proxy = createServer((_, response) => response.writeHead(307, { location: target }).end())
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const error = await failure(stack.open({ url }).transact(transactionCall(), within(5000)))
    expect(error).toMatchObject({ code: 'BEE_TRANSACTION_TRANSIENT', details: { status: 307 } })
    expect(seen).toEqual([])
    for (const server of [thief, proxy]) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('is in no error, also when nobody listens', async () => {
    const key = 'sb_secret_canary_canary'
    const ledger = createLedger({ url: 'http://127.0.0.1:9', key, retry: { tries: 1, baseMs: 1, factor: 1, capMs: 1 } })
    const error = await failure(ledger.keys(within(3000)))
    expect(error).toMatchObject({ code: 'BEE_TRANSACTION_UNKNOWN' })
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('canary')
  })
})

describe('the other operations', () => {
  test('publish, read and dead-letter through the gateway', async () => {
    const ledger = stack.open()
    const call = transactionCall()
    const done = await ledger.transact(call, within(5000))
    await ledger.revoke('test-colony', call.process, 'test', within(5000))
    expect(await ledger.read('test-colony', call.process, within(5000))).toMatchObject({
      process: call.process,
      revoked: true,
      rows: [{ ledger_id: done.ledgerId, output: done.output, fence: call.fence }],
    })
    const letter = { source: 'stripe', id: 'evt_1', code: 'BEE_INPUT_INVALID', payload_digest: hex(), payload: null }
    await ledger.deadLetter(letter, within(5000))
    await ledger.deadLetter(letter, within(5000))
    expect(await stack.count('bees.dead_letters')).toBe(1)
    expect(await ledger.receiptHead('test-colony', 'e'.repeat(64), within(5000))).toBeNull()
  })
})

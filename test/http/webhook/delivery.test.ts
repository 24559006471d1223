import { describe, expect, test, vi } from 'vitest'
import { BeeError } from '../../../src/errors.ts'
import { answerOf, eventOf, hang, hangUntilAbort, harness } from './harness.ts'

const terminal = async () => {
  throw new BeeError('BEE_TRANSACTION_REFUSED', 'SQLSTATE 23514')
}
const transient = async () => {
  throw new BeeError('BEE_TRANSACTION_TRANSIENT')
}
const down = async () => {
  throw new TypeError('fetch failed for canary@example.org')
}

describe('fallback', () => {
  test('a submit that takes longer than 5 s is aborted and the event applied directly', async () => {
    const hive = harness({ submit: hangUntilAbort })
    const answer = hive.handle(hive.post(eventOf()))
    await vi.waitFor(() => expect(hive.submitted).toHaveLength(1))
    await hive.clock.advance(4999)
    expect(hive.applied).toHaveLength(0)
    await hive.clock.advance(1)
    expect(await answerOf(await answer)).toEqual([200, { status: 'applied' }])
    expect(hive.submitted[0]?.signal.aborted).toBe(true)
    expect(hive.applied[0]?.input).toEqual(hive.submitted[0]?.input)
  })

  test('a submit that does not listen to its signal is left behind all the same', async () => {
    const hive = harness({ submit: hang, direct: async () => ({ outcome: 'replayed' }) })
    const answer = hive.handle(hive.post(eventOf()))
    await vi.waitFor(() => expect(hive.submitted).toHaveLength(1))
    await hive.clock.advance(5000)
    expect(await answerOf(await answer)).toEqual([200, { status: 'replayed' }])
  })

  test('a submit that fails at once costs no time', async () => {
    const hive = harness({ submit: down })
    expect(await answerOf(await hive.handle(hive.post(eventOf())))).toEqual([200, { status: 'applied' }])
    expect(hive.clock.monotonicMs()).toBe(0)
  })

  test('the direct path gets 3 s, told as a deadline and as a signal', async () => {
    const hive = harness({ submit: down, direct: hangUntilAbort })
    const answer = hive.handle(hive.post(eventOf()))
    await vi.waitFor(() => expect(hive.applied).toHaveLength(1))
    expect(hive.applied[0]?.deadlineMs).toBe(3000)
    await hive.clock.advance(3000)
    const response = await answer
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(hive.applied[0]?.signal.aborted).toBe(true)
  })

  test('a slow body takes its time from the submit, not from the fallback', async () => {
    const hive = harness({ submit: hangUntilAbort, direct: hangUntilAbort })
    const body = JSON.stringify(eventOf())
    const signed = hive.post(body)
    let finish: () => void = () => {}
    const stream = new ReadableStream({
      start(controller) {
        finish = () => {
          controller.enqueue(new TextEncoder().encode(body))
          controller.close()
        }
      },
    })
    const answer = hive.handle(
      new Request(signed.url, { method: 'POST', body: stream, duplex: 'half', headers: signed.headers } as RequestInit),
    )
    await hive.clock.advance(2500)
    finish()
    await vi.waitFor(() => expect(hive.submitted).toHaveLength(1))
    await hive.clock.advance(3500)
    await vi.waitFor(() => expect(hive.applied).toHaveLength(1))
    expect(hive.applied[0]?.deadlineMs).toBe(9000)
    await hive.clock.advance(3000)
    expect((await answer).status).toBe(503)
    expect(hive.clock.monotonicMs()).toBe(9000)
  })
})

describe('nothing durable', () => {
  test('both paths fail: 503 with Retry-After', async () => {
    const hive = harness({ submit: down, direct: transient })
    const response = await hive.handle(hive.post(eventOf()))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.json()).toMatchObject({ status: 'not_durable', code: 'BEE_WEBHOOK_NOT_DURABLE' })
    expect(hive.counted).toContain('not_durable')
  })

  test('the database says when to come back', async () => {
    const direct = async () => {
      throw new BeeError('BEE_TRANSACTION_TRANSIENT', undefined, { retryAfterMs: 12_300 })
    }
    const hive = harness({ submit: down, direct })
    expect((await hive.handle(hive.post(eventOf()))).headers.get('retry-after')).toBe('13')
  })

  test.each([
    ['an unknown outcome', new BeeError('BEE_TRANSACTION_UNKNOWN')],
    ['a fenced transaction', new BeeError('BEE_REVOKED')],
    ['an error that is not ours', new RangeError('boom')],
  ])('%s of the direct path is never a 200', async (_, error) => {
    const hive = harness({ submit: down, direct: () => Promise.reject(error) })
    expect((await hive.handle(hive.post(eventOf()))).status).toBe(503)
    expect(hive.buried).toHaveLength(0)
  })

  test('the watchdog answers at 9 s whatever hangs', async () => {
    const budget = { totalMs: 9000, submitMs: 60_000, directMs: 1, deadLetterMs: 60_000 }
    const hive = harness({ submit: hang, direct: terminal, deadLetter: hang, budget })
    const answer = hive.handle(hive.post(eventOf()))
    await vi.waitFor(() => expect(hive.submitted).toHaveLength(1))
    await hive.clock.advance(8999)
    await vi.waitFor(() => expect(hive.applied).toHaveLength(1))
    let settled = false
    answer.then(() => {
      settled = true
    })
    await hive.clock.advance(0)
    expect(settled).toBe(false)
    await hive.clock.advance(1)
    expect((await answer).status).toBe(503)
    expect(hive.clock.monotonicMs()).toBe(9000)
  })
})

describe('poison', () => {
  test('a terminal failure is kept as a dead letter, alarmed, and answered with 200', async () => {
    const hive = harness({ submit: down, direct: terminal })
    expect(await answerOf(await hive.handle(hive.post(eventOf())))).toEqual([
      200,
      { status: 'dead', code: 'BEE_TRANSACTION_REFUSED' },
    ])
    expect(hive.buried).toMatchObject([
      { source: 'stripe', id: 'evt_1TfR3bKq0example0001', code: 'BEE_TRANSACTION_REFUSED' },
    ])
    expect(hive.buried[0]?.payload_digest).toMatch(/^[0-9a-f]{64}$/)
    expect(hive.logged.some((line) => JSON.parse(line).alarm === true)).toBe(true)
  })

  test('a dead letter that cannot be stored is a 503', async () => {
    const hive = harness({ submit: down, direct: terminal, deadLetter: transient })
    const response = await hive.handle(hive.post(eventOf()))
    expect([response.status, response.headers.has('retry-after'), hive.buried]).toEqual([503, true, []])
  })
})

test('the breaker skips the submit after three failures and tries again after 10 s', async () => {
  let broken = true
  const hive = harness({
    submit: async (...call) => (broken ? await hangUntilAbort(...call) : { processId: 'b'.repeat(64) }),
  })
  for (let i = 1; i <= 3; i += 1) {
    const answer = hive.handle(hive.post(eventOf()))
    await vi.waitFor(() => expect(hive.submitted).toHaveLength(i))
    await hive.clock.advance(5000)
    expect((await answer).status).toBe(200)
  }
  expect(hive.counted).toContain('submit open')
  const beforeMs = hive.clock.monotonicMs()
  expect(await answerOf(await hive.handle(hive.post(eventOf())))).toEqual([200, { status: 'applied' }])
  expect(hive.submitted).toHaveLength(3)
  expect(hive.clock.monotonicMs()).toBe(beforeMs)
  broken = false
  await hive.clock.advance(10_000)
  expect((await answerOf(await hive.handle(hive.post(eventOf()))))[1]['status']).toBe('queued')
  expect((await answerOf(await hive.handle(hive.post(eventOf()))))[1]['status']).toBe('queued')
  expect(hive.counted.at(-3)).toBe('submit closed')
})

test('200 never comes before broker or database has the event', async () => {
  let accept: (value: { processId: string }) => void = () => {}
  const hive = harness({ submit: () => new Promise((resolve) => (accept = resolve)) })
  let settled = false
  const answer = hive.handle(hive.post(eventOf())).finally(() => {
    settled = true
  })
  await vi.waitFor(() => expect(hive.submitted).toHaveLength(1))
  await hive.clock.advance(4000)
  expect(settled).toBe(false)
  accept({ processId: 'c'.repeat(64) })
  expect((await answer).status).toBe(200)
})

test('no personal data in any answer or log line, on any path', async () => {
  for (const ports of [{}, { submit: down }, { submit: down, direct: down }, { submit: down, direct: terminal }]) {
    const hive = harness({ ...ports, personalData: 'keep' })
    const response = await hive.handle(hive.post(eventOf()))
    expect(JSON.stringify([await response.json(), hive.logged]).toLowerCase()).not.toContain('canary')
  }
})

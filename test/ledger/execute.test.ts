import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fence, hex, type LedgerDatabase, ledgerDatabase, nonce, transactionCall } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

/** Effects that a call left behind: each test marks its payload. */
const effectsOf = async (mark: string) =>
  (await ledger.effects()).filter((payload) => JSON.stringify(payload).includes(mark)).length

const marked = () => {
  const mark = hex(8)
  return { mark, payload: { mark } }
}

describe('execute', () => {
  test('applies once, and a repeat gets the stored result', async () => {
    const { mark, payload } = marked()
    const call = transactionCall({ payload })
    const first = await ledger.execute(call)
    expect(first).toMatchObject({
      outcome: 'applied',
      process: call.process,
      step: 1,
      ledger_id: expect.stringMatching(/^\d+$/),
      output: { done: payload, process: call.process },
      committed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    })
    expect(await ledger.execute(call)).toEqual({ ...first, outcome: 'replayed' })
    expect(await effectsOf(mark)).toBe(1)
  })

  test('stores what the task says, null too', async () => {
    const call = transactionCall({ task: 'null' })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied', output: null })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'replayed', output: null })
  })

  test('another input for a known step is a mismatch, whoever asks', async () => {
    const { mark, payload } = marked()
    const call = transactionCall({ payload })
    await ledger.execute(call)
    for (const over of [{ input_digest: hex() }, { task: 'null' }, { bee: 'other' }])
      expect(await ledger.execute({ ...call, ...over })).toMatchObject({ outcome: 'input_mismatch', output: null })
    expect(await effectsOf(mark)).toBe(1)
  })

  test('steps of one process are each applied once', async () => {
    const { mark, payload } = marked()
    const call = transactionCall({ payload, nonce: nonce(), key: mark })
    for (const step of [1, 2, 3])
      expect(await ledger.execute({ ...call, step })).toMatchObject({ outcome: 'applied', step })
    for (const step of [3, 1, 2])
      expect(await ledger.execute({ ...call, step })).toMatchObject({ outcome: 'replayed', step })
    expect(await effectsOf(mark)).toBe(3)
  })

  test('a task whose function is not there is told as data', async () => {
    const call = transactionCall({ task: 'not_there' })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'unknown_task', ledger_id: null })
    await ledger.admin.query(
      `create function bee_tasks.test__not_there(input jsonb, call jsonb) returns jsonb language sql return input`,
    )
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied' })
  })

  test('a function with other arguments is not the task', async () => {
    await ledger.admin.query(
      `create function bee_tasks.test__other(input jsonb) returns jsonb language sql return input`,
    )
    expect(await ledger.execute(transactionCall({ task: 'other' }))).toMatchObject({ outcome: 'unknown_task' })
  })

  test("hyphens in a bee's name become underscores", async () => {
    await ledger.admin.query(
      `create function bee_tasks.two_words__a_task(input jsonb, call jsonb) returns jsonb language sql return input`,
    )
    expect(await ledger.execute(transactionCall({ bee: 'two-words', task: 'a_task' }))).toMatchObject({
      outcome: 'applied',
    })
  })

  test.each(['P0001', '22012', '23505', '40001'])('nothing remains of a task that raises %s', async (sqlstate) => {
    const { mark } = marked()
    const call = transactionCall({ task: 'fail', payload: { mark, sqlstate }, nonce: nonce(), key: mark })
    await expect(ledger.execute(call)).rejects.toMatchObject({ code: sqlstate })
    expect(await effectsOf(mark)).toBe(0)
    const left = await ledger.admin.query(
      `select from bees.processes where process = $1 union all select from bees.ledger where process = $1
       union all select from bees.nonces where process = $1`,
      [call.process],
    )
    expect(left.rowCount).toBe(0)
    // The same process may still do its work.
    expect(await ledger.execute({ ...call, task: 'append' })).toMatchObject({ outcome: 'applied' })
  })
})

describe('business key', () => {
  test('a second process gets the result of the first and leaves no row', async () => {
    const { mark, payload } = marked()
    const first = await ledger.execute(transactionCall({ payload, key: mark }))
    const second = transactionCall({ payload, key: mark })
    expect(await ledger.execute(second)).toEqual({ ...first, outcome: 'replayed', process: second.process })
    expect(await ledger.execute(second)).toMatchObject({ outcome: 'replayed', ledger_id: first.ledger_id })
    expect(await effectsOf(mark)).toBe(1)
    const rows = await ledger.admin.query('select from bees.ledger where process = $1', [second.process])
    expect(rows.rowCount).toBe(0)
  })

  test('another input under the key is a mismatch', async () => {
    const { mark, payload } = marked()
    await ledger.execute(transactionCall({ payload, key: mark }))
    const forged = transactionCall({ payload: { mark, amount: 'more' }, key: mark })
    expect(await ledger.execute(forged)).toMatchObject({ outcome: 'input_mismatch' })
    expect(await effectsOf(mark)).toBe(1)
  })

  test('belongs to its colony, bee and task', async () => {
    const { mark, payload } = marked()
    await ledger.execute(transactionCall({ payload, key: mark }))
    for (const over of [{ colony: 'another' }, { task: 'null' }, { key: `${mark}+` }])
      expect(await ledger.execute(transactionCall({ payload, key: mark, ...over }))).toMatchObject({
        outcome: 'applied',
      })
  })
})

describe('fence', () => {
  const early = '2026-01-01T10:00:00.000001Z'
  const late = '2026-01-01T10:00:00.000002Z'

  /** A process whose newest assignment is known and whose step 2 is not done. */
  const begun = async (retries: number, starttime: string) => {
    const call = transactionCall({ fence: fence(retries, starttime) })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied' })
    return { ...call, step: 2 }
  }

  test.each([
    ['fewer retries', fence(0, late), 'fenced'],
    ['same retries, earlier start', fence(1, '2026-01-01T09:59:59Z'), 'fenced'],
    ['same fence', fence(1, early), 'applied'],
    ['same moment in another zone', fence(1, '2026-01-01T12:00:00.000001+02:00'), 'applied'],
    ['same retries, one microsecond later', fence(1, late), 'applied'],
    ['more retries, earlier start', fence(2, '2026-01-01T00:00:00Z'), 'applied'],
  ])('%s', async (_, next, outcome) => {
    const call = await begun(1, early)
    expect(await ledger.execute({ ...call, fence: next })).toMatchObject({ outcome })
  })

  test('the newest assignment locks the older ones out for good', async () => {
    const call = await begun(0, early)
    const other = 'f'.repeat(64)
    expect(await ledger.execute({ ...call, fence: fence(0, late), executor: other })).toMatchObject({
      outcome: 'applied',
    })
    const zombie = { ...call, step: 3 }
    expect(await ledger.execute(zombie)).toMatchObject({ outcome: 'fenced', ledger_id: null, output: null })
    expect(await ledger.execute({ ...zombie, fence: fence(0, late), executor: other })).toMatchObject({
      outcome: 'applied',
    })
  })

  test('of two executors with one fence the first keeps it', async () => {
    const call = await begun(0, early)
    expect(await ledger.execute({ ...call, executor: 'f'.repeat(64) })).toMatchObject({ outcome: 'fenced' })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied' })
  })

  test('a stale fence still gets the result of what is done', async () => {
    const call = transactionCall({ fence: fence(3, late) })
    const done = await ledger.execute(call)
    const zombie = { ...call, fence: fence(0, early), executor: 'f'.repeat(64) }
    expect(await ledger.execute(zombie)).toEqual({ ...done, outcome: 'replayed' })
  })

  test('a call that is answered from the ledger counts as the newest assignment all the same', async () => {
    const call = transactionCall({ fence: fence(0, early) })
    await ledger.execute(call)
    const next = { ...call, fence: fence(0, late), executor: 'f'.repeat(64) }
    expect(await ledger.execute(next)).toMatchObject({ outcome: 'replayed' })
    // The older one was between its two steps; the newer one is there now.
    expect(await ledger.execute({ ...call, step: 2 })).toMatchObject({ outcome: 'fenced', ledger_id: null })
    expect(await ledger.execute({ ...next, step: 2 })).toMatchObject({ outcome: 'applied' })
    expect(await ledger.execute({ ...call, step: 2 })).toMatchObject({ outcome: 'replayed' })
  })

  test('a fenced call writes nothing, not even its nonce', async () => {
    const call = await begun(1, early)
    const used = nonce()
    expect(await ledger.execute({ ...call, fence: fence(0, early), nonce: used })).toMatchObject({ outcome: 'fenced' })
    const rows = await ledger.admin.query('select from bees.nonces where nonce = $1', [used.nonce])
    expect(rows.rowCount).toBe(0)
  })
})

describe('nonce', () => {
  test('is used up by its process, which may use it again', async () => {
    const call = transactionCall({ nonce: nonce() })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied' })
    const again = { ...call, step: 2, fence: fence(1), executor: 'f'.repeat(64) }
    expect(await ledger.execute(again)).toMatchObject({ outcome: 'applied' })
  })

  test('is refused in another process, in another colony too, and has no effect there', async () => {
    const { mark, payload } = marked()
    const call = transactionCall({ nonce: nonce(), payload })
    await ledger.execute(call)
    for (const over of [{ process: hex() }, { colony: 'another' }])
      expect(await ledger.execute({ ...call, ...over })).toMatchObject({ outcome: 'nonce_replayed', output: null })
    expect(await effectsOf(mark)).toBe(1)
  })

  test('of one key says nothing about another key', async () => {
    const used = nonce()
    await ledger.execute(transactionCall({ nonce: used }))
    const other = transactionCall({ nonce: { ...used, kid: 'another' } })
    expect(await ledger.execute(other)).toMatchObject({ outcome: 'applied' })
  })

  test('is forgotten a day after its end, a bounded number at a time', async () => {
    await ledger.admin.query(`
      insert into bees.nonces (kid, nonce, colony, process, expires_at)
      select 'old', n::text, 'c', 'p', now() - interval '25 hours' from generate_series(1, 10) as n
      union all select 'fresh', 'n', 'c', 'p', now() - interval '23 hours'`)
    const left = async () =>
      (
        await ledger.admin.query(
          `select kid, count(*)::int from bees.nonces where colony = 'c' group by kid order by kid`,
        )
      ).rows
    await ledger.admin.query('select bees.forget_nonces(4)')
    expect(await left()).toEqual([
      { kid: 'fresh', count: 1 },
      { kid: 'old', count: 6 },
    ])
    await ledger.admin.query('select bees.forget_nonces(100)')
    expect(await left()).toEqual([{ kid: 'fresh', count: 1 }])
  })

  test('the calls themselves forget old ones sooner or later', async () => {
    await ledger.admin.query(`
      insert into bees.nonces (kid, nonce, colony, process, expires_at)
      values ('ancient', 'n', 'c', 'p', now() - interval '1 year')`)
    const ancient = async () => (await ledger.admin.query(`select from bees.nonces where kid = 'ancient'`)).rowCount
    // One call in 64 does it: 2000 calls in vain have a chance of 2e-14.
    for (let calls = 0; calls < 2000 && (await ancient()) === 1; calls += 25)
      await Promise.all(Array.from({ length: 25 }, () => ledger.execute(transactionCall({ nonce: nonce() }))))
    expect(await ancient()).toBe(0)
  })
})

describe('revoke', () => {
  const revoke = (process: string, reason = 'cancelled') =>
    ledger.call({ v: 1, op: 'revoke', colony: 'test-colony', process, reason })

  test('stops what is not done yet, whatever the fence', async () => {
    const { mark, payload } = marked()
    const call = transactionCall({ payload })
    expect(await revoke(call.process)).toMatchObject({ outcome: 'revoked', process: call.process })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'revoked', ledger_id: null })
    expect(await ledger.execute({ ...call, fence: fence(9) })).toMatchObject({ outcome: 'revoked' })
    expect(await effectsOf(mark)).toBe(0)
  })

  test('what is done stays done and is still answered, later steps are not', async () => {
    const call = transactionCall()
    const done = await ledger.execute(call)
    await revoke(call.process)
    expect(await ledger.execute(call)).toEqual({ ...done, outcome: 'replayed' })
    expect(await ledger.execute({ ...call, step: 2 })).toMatchObject({ outcome: 'revoked' })
  })

  test('waits for the transaction in flight', async () => {
    const call = transactionCall({ task: 'wait', payload: { seconds: 0.4 } })
    const running = ledger.execute(call)
    const sleeping = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
    await expect.poll(async () => (await ledger.admin.query(sleeping)).rowCount).toBe(1)
    const [done, revoked] = await Promise.all([running, revoke(call.process)])
    expect(done.outcome).toBe('applied')
    expect(String(revoked['revoked_at']) > String(done.committed_at)).toBe(true)
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'replayed' })
  })

  test('a repeat changes neither time nor reason', async () => {
    const { process } = transactionCall()
    const first = await revoke(process, 'first')
    expect(await revoke(process, 'second')).toEqual(first)
    const { rows } = await ledger.admin.query('select revoke_reason from bees.processes where process = $1', [process])
    expect(rows).toEqual([{ revoke_reason: 'first' }])
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../support/index.ts'
import { fence, hex, type LedgerDatabase, ledgerDatabase, nonce, transactionCall } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

function tally(replies: readonly { readonly outcome: string }[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { outcome } of replies) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

describe('at the same time', () => {
  test('50 callers with one process have one effect', async () => {
    const call = transactionCall({ payload: { mark: hex() }, nonce: nonce() })
    const replies = await times(50, () => ledger.execute(call))
    expect(tally(replies)).toEqual({ applied: 1, replayed: 49 })
    expect(new Set(replies.map((reply) => reply.ledger_id)).size).toBe(1)
    expect(await ledger.effects()).toContainEqual(call.payload)
    expect((await ledger.effects()).length).toBe(1)
  })

  test('50 callers with the next step of a known process have one effect', async () => {
    const before = (await ledger.effects()).length
    const call = transactionCall({ payload: { mark: hex() }, nonce: nonce() })
    await ledger.execute(call)
    const replies = await times(50, () => ledger.execute({ ...call, step: 2 }))
    expect(tally(replies)).toEqual({ applied: 1, replayed: 49 })
    expect((await ledger.effects()).length).toBe(before + 2)
  })

  test('an older assignment waits for the newer one in flight and is then fenced', async () => {
    const call = transactionCall({ payload: { mark: hex() } })
    await ledger.execute(call)
    const newer = { ...call, step: 2, fence: fence(1), task: 'wait', payload: { seconds: 0.3 } }
    const running = ledger.execute(newer)
    const sleeping = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
    await expect.poll(async () => (await ledger.admin.query(sleeping)).rowCount).toBe(1)
    expect(await ledger.execute({ ...call, step: 3 })).toMatchObject({ outcome: 'fenced' })
    expect(await running).toMatchObject({ outcome: 'applied' })
  })

  test('50 processes with one business key have one effect', async () => {
    const before = (await ledger.effects()).length
    const payload = { mark: hex() }
    const replies = await times(50, () => ledger.execute(transactionCall({ payload, key: 'one', nonce: nonce() })))
    expect(tally(replies)).toEqual({ applied: 1, replayed: 49 })
    expect(new Set(replies.map((reply) => JSON.stringify(reply.output))).size).toBe(1)
    expect((await ledger.effects()).length).toBe(before + 1)
  })

  test('a second process with the business key waits for the one in flight and gets its result', async () => {
    const key = hex()
    const work = { task: 'wait', payload: { seconds: 0.3, key }, key, nonce: null }
    const running = ledger.execute(transactionCall(work))
    const sleeping = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
    await expect.poll(async () => (await ledger.admin.query(sleeping)).rowCount).toBe(1)
    const second = await ledger.execute(transactionCall(work))
    expect(second).toMatchObject({ outcome: 'replayed', ledger_id: (await running).ledger_id })
  })

  test('50 processes with one nonce: one gets through', async () => {
    const used = nonce()
    const replies = await times(50, () => ledger.execute(transactionCall({ nonce: used })))
    expect(tally(replies)).toEqual({ applied: 1, nonce_replayed: 49 })
  })

  test('a twin of a transaction that rolls back does the work itself', async () => {
    const mark = hex()
    const call = transactionCall({ task: 'fail', payload: { sqlstate: 'P0001', mark }, key: hex() })
    const outcomes = await times(20, (index) =>
      ledger.execute(index % 2 === 0 ? call : { ...call, task: 'append' }).then(
        (reply) => reply.outcome,
        (error: { code: string }) => error.code,
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(1)
    expect(outcomes.every((outcome) => ['applied', 'replayed', 'input_mismatch', 'P0001'].includes(outcome))).toBe(true)
    expect((await ledger.effects()).filter((payload) => JSON.stringify(payload).includes(mark))).toHaveLength(1)
  })

  test('random assignments of shared processes, keys and steps end in one effect for each', async () => {
    const random = seededRandom()
    const before = (await ledger.effects()).length
    const processes = Array.from({ length: 12 }, () => hex())
    const keys = Array.from({ length: 5 }, () => hex(8))
    const calls = Array.from({ length: 400 }, () => {
      const which = random.integer(0, processes.length - 1)
      const key = keys[which % keys.length] ?? null
      return transactionCall({
        process: processes[which] ?? hex(),
        key,
        payload: { key },
        step: random.integer(1, 3),
        fence: fence(random.integer(0, 2)),
      })
    })
    const replies = await times(calls.length, async (index) => {
      const call = calls[index] ?? transactionCall()
      return { call, reply: await ledger.execute(call) }
    })
    const effects = new Map<string, Set<string | null>>()
    for (const { call, reply } of replies) {
      expect(['applied', 'replayed', 'fenced']).toContain(reply.outcome)
      if (reply.outcome === 'fenced') continue
      const name = `${call.key} ${call.step}`
      effects.set(name, (effects.get(name) ?? new Set()).add(reply.ledger_id))
    }
    for (const ids of effects.values()) expect(ids.size).toBe(1)
    expect((await ledger.effects()).length - before).toBe(effects.size)
  })

  test('a lock that is not had in time ends with 55P03 below the statement limit, and changes nothing', async () => {
    const call = transactionCall({ key: 'held', payload: { mark: hex() } })
    const holder = await ledger.admin.connect()
    try {
      await holder.query('begin')
      await holder.query(`select bees.lock_subject('key', $1, $2, $3, $4)`, [
        call.colony,
        call.bee,
        call.task,
        call.key,
      ])
      const startMs = performance.now()
      await expect(ledger.execute(call)).rejects.toMatchObject({ code: '55P03' })
      expect(performance.now() - startMs).toBeGreaterThan(1400)
      expect(performance.now() - startMs).toBeLessThan(3000)
    } finally {
      await holder.query('rollback')
      holder.release()
    }
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied' })
  })

  test('the unique index holds even where the lock does not', async () => {
    const key = hex()
    await ledger.execute(transactionCall({ key }))
    // What a session with a snapshot from before the first commit would do.
    const insert = ledger.admin.query(
      `insert into bees.ledger (colony, process, step, bee, task, key, input_digest, schema_hash, executor, retries, starttime, output)
       select colony, $2, step, bee, task, key, input_digest, schema_hash, executor, retries, starttime, output
       from bees.ledger where key = $1`,
      [key, hex()],
    )
    await expect(insert).rejects.toMatchObject({ code: '23505', constraint: 'ledger_business_key' })
  })
})

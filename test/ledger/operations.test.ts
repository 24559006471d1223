import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hex, type LedgerDatabase, ledgerDatabase, receiptChain, transactionCall } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

const store = (receipts: readonly object[]) => ledger.call({ v: 1, op: 'store_receipts', receipts })
const head = (executor: string) => ledger.call({ v: 1, op: 'receipt_head', colony: 'test-colony', executor })

async function newKey() {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x })
  return { kid, x, use: 'receipt', not_before: '2026-01-01T00:00:00.000000Z', not_after: null as string | null }
}

describe('store_receipts', () => {
  test('stores a chain in pieces, and accepts any piece again', async () => {
    const chain = receiptChain(5)
    expect(await store(chain.slice(0, 2))).toMatchObject({ outcome: 'stored', received: 2, stored: 2 })
    expect(await store(chain.slice(0, 2))).toMatchObject({ outcome: 'stored', received: 2, stored: 0 })
    expect(await store(chain.slice(1, 5))).toMatchObject({ outcome: 'stored', received: 4, stored: 3 })
    expect(await store(chain.slice(2, 3))).toMatchObject({ outcome: 'stored', stored: 0 })
    expect(await head(chain[0]?.executor ?? '')).toMatchObject({ head: { seq: 5, digest: chain[4]?.digest } })
  })

  test('names the first receipt that does not continue the chain, and stores nothing of the batch', async () => {
    const chain = receiptChain(4)
    const executor = chain[0]?.executor ?? ''
    expect(await store(chain.slice(1))).toMatchObject({ outcome: 'chain_gap', index: 0, executor, head: null })
    await store(chain.slice(0, 1))
    const gap = { outcome: 'chain_gap', index: 1, executor, head: { seq: 1, digest: chain[0]?.digest } }
    expect(await store([chain[0] ?? {}, chain[2] ?? {}, chain[3] ?? {}])).toMatchObject(gap)
    expect(await head(executor)).toMatchObject({ head: { seq: 1 } })
  })

  test.each([
    ['a fork', { seq: 2 }],
    ['a number too many', { seq: 3 }],
    ['a number too few', { seq: 1 }],
  ])('refuses %s', async (_, over) => {
    const [first] = receiptChain(1)
    await store([first ?? {}])
    const [other] = receiptChain(1, { executor: first?.executor ?? '', previous: hex(), ...over })
    expect(await store([other ?? {}])).toMatchObject({ outcome: 'chain_gap', index: 0 })
    const [wrongNumber] = receiptChain(1, { executor: first?.executor ?? '', previous: first?.digest ?? '', seq: 7 })
    expect(await store([wrongNumber ?? {}])).toMatchObject({ outcome: 'chain_gap' })
  })

  test('takes several chains in one batch, mixed', async () => {
    const [a, b] = [receiptChain(3), receiptChain(3)]
    const mixed = a.flatMap((receipt, index) => [receipt, b[index] ?? receipt])
    expect(await store([...mixed, ...a])).toMatchObject({ outcome: 'stored', received: 9, stored: 6 })
  })

  test('a rival writer of the chain waits for the one in flight and is then told where it stands', async () => {
    const [first, rival] = [receiptChain(1), receiptChain(1)]
    const executor = first[0]?.executor ?? ''
    const client = await ledger.admin.connect()
    await client.query('begin')
    await client.query('select public.bee_execute($1)', [
      JSON.stringify({ v: 1, op: 'store_receipts', receipts: first }),
    ])
    const refused = store(rival.map((receipt) => ({ ...receipt, executor })))
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(async () => (await ledger.admin.query(waiting)).rowCount).toBe(1)
    await client.query('commit')
    client.release()
    expect(await refused).toMatchObject({ outcome: 'chain_gap', head: { seq: 1, digest: first[0]?.digest } })
  })
})

describe('keys', () => {
  const publish = (key: object) => ledger.call({ v: 1, op: 'publish_key', ...key })

  test('are published once, and their end can only come earlier', async () => {
    const key = await newKey()
    expect(await publish(key)).toMatchObject({ outcome: 'published', key })
    const [june, july] = ['2096-06-01T00:00:00.000000Z', '2096-07-01T00:00:00.000000Z']
    expect(await publish({ ...key, not_after: july })).toMatchObject({ key: { not_after: july } })
    expect(await publish({ ...key, not_after: june })).toMatchObject({ key: { not_after: june } })
    for (const not_after of [july, null])
      expect(await publish({ ...key, not_after })).toMatchObject({ key: { not_after: june } })
    expect(await publish({ ...key, not_before: july })).toMatchObject({ key: { not_before: key.not_before } })
    expect(await publish({ ...key, use: 'task' })).toMatchObject({ outcome: 'other_use', key: { use: 'receipt' } })
    expect((await ledger.call({ v: 1, op: 'keys' }))['keys']).toEqual([{ ...key, not_after: june }])
  })

  test('nobody can publish another key under a known id', async () => {
    const [known, other] = [await newKey(), await newKey()]
    await publish(known)
    await expect(publish({ ...known, x: other.x })).rejects.toMatchObject({ code: '22023' })
    await expect(publish({ ...known, kid: 'k1' })).rejects.toMatchObject({ code: '22023' })
  })

  test('cannot be changed or removed around the function either', async () => {
    await publish(await newKey())
    for (const sql of [
      `update bees.keys set x = 'other'`,
      `update bees.keys set not_after = 'infinity' where not_after is not null`,
      `update bees.keys set not_before = '-infinity'`,
      'delete from bees.keys',
      'truncate bees.keys',
    ])
      await expect(ledger.admin.query(sql)).rejects.toMatchObject({ code: '55000' })
  })
})

describe('read', () => {
  const read = (process: string, colony = 'test-colony') => ledger.call({ v: 1, op: 'read', colony, process })

  test('gives rows, receipts and the keys that sign them', async () => {
    const call = transactionCall({ key: 'read-key' })
    const done = await ledger.execute(call)
    const key = await newKey()
    await ledger.call({ v: 1, op: 'publish_key', ...key })
    const [receipt] = receiptChain(1, { process: call.process, kid: key.kid, ledger_ids: [done.ledger_id ?? ''] })
    await store([receipt ?? {}])
    const { payload: _, nonce: __, colony: ___, ...row } = call
    expect(await read(call.process)).toEqual({
      v: 1,
      outcome: 'read',
      process: call.process,
      revoked: false,
      rows: [{ ...row, ledger_id: done.ledger_id, output: done.output, committed_at: done.committed_at }],
      receipts: [receipt],
      keys: [key],
    })
  })

  test('includes the row of another process from which this one was answered', async () => {
    const first = transactionCall({ key: 'shared' })
    const done = await ledger.execute(first)
    const second = transactionCall({ key: 'shared' })
    await ledger.execute(second)
    expect((await read(second.process))['rows']).toEqual([])
    await store(receiptChain(1, { process: second.process, ledger_ids: [done.ledger_id ?? ''] }))
    expect((await read(second.process))['rows']).toMatchObject([{ ledger_id: done.ledger_id, process: first.process }])
    expect(await read(second.process, 'another-colony')).toMatchObject({ rows: [], receipts: [] })
  })

  test('of an unknown process is empty, of a revoked one says so', async () => {
    const process = hex()
    expect(await read(process)).toMatchObject({ revoked: false, rows: [], receipts: [], keys: [] })
    await ledger.call({ v: 1, op: 'revoke', colony: 'test-colony', process, reason: 'test' })
    expect(await read(process)).toMatchObject({ revoked: true })
  })
})

describe('dead_letter', () => {
  test('keeps an event once, and other bytes under its id beside it', async () => {
    const letter = {
      v: 1,
      op: 'dead_letter',
      source: 'stripe',
      id: 'evt_1',
      code: 'BEE_INPUT_INVALID',
      payload: { a: 1 },
    }
    const digest = hex()
    for (const payload_digest of [digest, digest, hex()])
      expect(await ledger.call({ ...letter, payload_digest })).toMatchObject({ outcome: 'stored', id: 'evt_1' })
    expect(await ledger.count('bees.dead_letters')).toBe(2)
  })
})

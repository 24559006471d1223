import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/canonical.ts'
import { hex, type LedgerDatabase, ledgerDatabase, nonce, receiptChain, transactionCall } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

const execute = { v: 1, op: 'execute', ...transactionCall({ nonce: nonce(), key: 'k' }) }
const process = hex()

/** The value at a path replaced; `undefined` removes it. */
function put(target: object, path: string, value: unknown): object {
  const [first = '', ...rest] = path.split('.')
  const inner = (target as Record<string, unknown>)[first]
  return { ...target, [first]: rest.length === 0 ? value : put(inner as object, rest.join('.'), value) }
}

const wrong: [path: string, ...values: unknown[]][] = [
  ['v', 2, '1', undefined],
  ['op', 'drop', null, undefined],
  ['colony', '', 7, null, undefined, 'a\nb', 'x'.repeat(256)],
  ['process', '', 'z'.repeat(64), 'A'.repeat(64), 'a'.repeat(63), `other:${'a'.repeat(64)}`, 1, undefined],
  ['executor', '', 'x', 'direct:', 'direct:a b', 1, undefined],
  ['fence', null, 'x', 1, [], undefined],
  ['fence.retries', -1, 1.5, '1', 2 ** 31, 1e30, null, undefined],
  ['fence.starttime', 'now', 'infinity', '2026-01-01', '2026-01-01 00:00:00', 1, null, undefined],
  ['bee', '', 'A', 'a--b', 'a_b', '-a', 'x; drop table', 'a'.repeat(60), 1, undefined],
  ['task', '', 'A', 'a__b', '_a', 'a-', 'a-b', 'x"', 'a'.repeat(60), 1, undefined],
  ['step', 0, -1, 1.5, '1', 10_001, null, undefined],
  ['key', '', 1, 'x'.repeat(513), undefined],
  ['input_digest', '', 'a'.repeat(63), 'A'.repeat(64), null, undefined],
  ['schema_hash', '', 'a'.repeat(65), null, undefined],
  ['nonce', 'x', 1, [], undefined],
  ['nonce.kid', '', 'a b', null, undefined],
  ['nonce.nonce', 'short', 'x'.repeat(129), 'with space in the middle', null, undefined],
  ['nonce.expires_at', 'tomorrow', null, undefined],
  ['payload', undefined],
]

describe('a call that is wrong in form is refused with 22023 and leaves nothing', () => {
  test.each(wrong.map(([path, ...values]) => ({ path, values })))('$path', async ({ path, values }) => {
    for (const value of values) {
      const refused = ledger.call(put(execute, path, value))
      await expect(refused, JSON.stringify(value)).rejects.toMatchObject({
        code: '22023',
        message: expect.stringContaining(path.startsWith('fence.') ? path : (path.split('.')[0] ?? '')),
      })
    }
    expect(await ledger.count('bees.processes')).toBe(0)
  })

  test.each([
    [{ v: 1, op: 'revoke', colony: '', process, reason: 'r' }, 'colony'],
    [{ v: 1, op: 'revoke', colony: 'c', process: 'p', reason: 'r' }, 'process'],
    [{ v: 1, op: 'revoke', colony: 'c', process, reason: '' }, 'reason'],
    [{ v: 1, op: 'read', colony: 'c', process: 'p' }, 'process'],
    [{ v: 1, op: 'receipt_head', colony: 'c', executor: 'e' }, 'executor'],
    [{ v: 1, op: 'store_receipts' }, 'receipts'],
    [{ v: 1, op: 'store_receipts', receipts: [] }, 'receipts'],
    [{ v: 1, op: 'store_receipts', receipts: [null] }, 'receipts[0].digest'],
    [
      { v: 1, op: 'store_receipts', receipts: [...receiptChain(1), { ...receiptChain(1)[0], jws: 'a.b.c' }] },
      'receipts[1].digest',
    ],
    [{ v: 1, op: 'store_receipts', receipts: receiptChain(1, { ledger_ids: ['x'] }) }, 'ledger_ids'],
    [{ v: 1, op: 'store_receipts', receipts: receiptChain(1, { ledger_ids: [['1']] as never }) }, 'ledger_ids'],
    [{ v: 1, op: 'store_receipts', receipts: receiptChain(1, { outcome: 'maybe' as never }) }, 'outcome'],
    [{ v: 1, op: 'dead_letter', source: 'X', id: 'i', code: 'BEE_X', payload_digest: hex(), payload: {} }, 'source'],
    [{ v: 1, op: 'dead_letter', source: 's', id: '', code: 'BEE_X', payload_digest: hex(), payload: {} }, 'id'],
    [{ v: 1, op: 'dead_letter', source: 's', id: 'i', code: 'x', payload_digest: hex(), payload: {} }, 'code'],
    [
      { v: 1, op: 'dead_letter', source: 's', id: 'i', code: 'BEE_X', payload_digest: 'd', payload: {} },
      'payload_digest',
    ],
    [{ v: 1, op: 'dead_letter', source: 's', id: 'i', code: 'BEE_X', payload_digest: hex() }, 'payload'],
  ])('%j', async (call, field) => {
    await expect(ledger.call(call)).rejects.toMatchObject({ code: '22023', message: expect.stringContaining(field) })
  })

  test('names that Postgres would cut to the same 63 bytes are not mixed up', async () => {
    const bee = 'b'.repeat(30)
    const task = 't'.repeat(31)
    await ledger.admin.query(
      `create function bee_tasks."${bee}__${task}"(input jsonb, call jsonb) returns jsonb language sql return input`,
    )
    expect(await ledger.execute(transactionCall({ bee, task }))).toMatchObject({ outcome: 'applied' })
    await expect(ledger.execute(transactionCall({ bee, task: `${task}x` }))).rejects.toMatchObject({ code: '22023' })
  })

  test('whatever JSON comes, the answer is a refusal of class 22, never a crash', async () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record(
        Object.fromEntries(
          Object.entries(execute).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.jsonValue())]),
        ),
        { requiredKeys: ['v', 'op'] },
      ),
    )
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const outcome = await ledger.call(value as object).then(
          (reply) => reply.outcome,
          (error: { code?: string }) => error.code,
        )
        expect(outcome).toMatch(/^(22...|applied|replayed|fenced|unknown_task|nonce_replayed|input_mismatch)$/)
      }),
      { numRuns: 300 },
    )
  })

  test('any text passes through unharmed', async () => {
    const payload = {
      "'; drop table bees.ledger; --": '\\ " \u2028 🐝 {x} $1 %s %I',
      nested: [{ __proto__: null, a: [] }],
    }
    const call = transactionCall({ payload, key: `'"\\;--🐝`, input_digest: digestOf(payload) })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'applied', output: { done: payload } })
    expect(await ledger.execute(call)).toMatchObject({ outcome: 'replayed', output: { done: payload } })
  })
})

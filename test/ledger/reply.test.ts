import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BeeError } from '../../src/errors.ts'
import {
  readHead,
  readProcess,
  readPublished,
  readRevoked,
  readStored,
  readTransaction,
} from '../../src/ledger/reply.ts'
import { hex, receiptChain, transactionCall } from './ledger-database.ts'

const call = transactionCall()
const good = {
  v: 1,
  outcome: 'applied',
  process: call.process,
  step: 1,
  ledger_id: '42',
  output: { a: 1 },
  committed_at: '2026-01-01T00:00:00.123456Z',
}

const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return error instanceof BeeError ? error.code : 'another error'
  }
}

describe('the reply to a transaction', () => {
  test('counts when it speaks of the call', () => {
    expect(readTransaction(call, good)).toEqual({
      outcome: 'applied',
      ledgerId: '42',
      step: 1,
      output: { a: 1 },
      committedAt: good.committed_at,
    })
    expect(readTransaction(call, { ...good, outcome: 'replayed', output: null })).toMatchObject({ output: null })
  })

  test.each([
    ['another process', { process: hex() }],
    ['another step', { step: 2 }],
    ['no ledger id', { ledger_id: null }],
    ['a ledger id that is none', { ledger_id: '0' }],
    ['a ledger id as a number', { ledger_id: 42 }],
    ['no output', { output: undefined }],
    ['no time', { committed_at: null }],
    ['a time that is none', { committed_at: 'yesterday' }],
    ['another version', { v: 2 }],
    ['an unknown outcome', { outcome: 'done' }],
  ])('does not count with %s', (_, over) => {
    expect(codeOf(() => readTransaction(call, { ...good, ...over }))).toBe('BEE_TRANSACTION_UNKNOWN')
  })

  test.each([
    ['fenced', 'BEE_FENCED', 'fenced'],
    ['revoked', 'BEE_REVOKED', 'fenced'],
    ['nonce_replayed', 'BEE_ENVELOPE_REPLAYED', 'terminal'],
    ['input_mismatch', 'BEE_INPUT_MISMATCH', 'terminal'],
    ['unknown_task', 'BEE_TRANSACTION_MISSING', 'retryable'],
  ] as const)('%s is %s', (outcome, code, failure) => {
    const reply = { ...good, outcome, ledger_id: null, output: null, committed_at: null }
    expect(() => readTransaction(call, reply)).toThrow(expect.objectContaining({ code, failure }))
    // A refusal of something else is no refusal of ours.
    expect(codeOf(() => readTransaction(call, { ...reply, process: hex() }))).toBe('BEE_TRANSACTION_UNKNOWN')
  })

  test('any other JSON is never believed and never repeated in the message', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.constant(undefined)), (data) => {
        expect(codeOf(() => readTransaction(call, data))).toBe('BEE_TRANSACTION_UNKNOWN')
      }),
    )
    const canary = { ...good, committed_at: 'canary', outcome: 'canary' }
    expect(() => readTransaction(call, canary)).not.toThrow(/canary/)
  })
})

describe('the other replies must speak of their call too', () => {
  const receipts = receiptChain(2)
  const key = { kid: 'k', x: 'x', use: 'receipt', not_before: good.committed_at, not_after: null }
  test.each([
    ['stored', () => readStored(receipts, { v: 1, outcome: 'stored', received: 1 })],
    ['head', () => readHead('a', { v: 1, outcome: 'head', executor: 'b', head: null })],
    ['revoked', () => readRevoked('a', { v: 1, outcome: 'revoked', process: 'b', revoked_at: good.committed_at })],
    ['published', () => readPublished('a', { v: 1, outcome: 'published', key })],
    [
      'read',
      () => readProcess('a', { v: 1, outcome: 'read', process: 'b', revoked: false, rows: [], receipts: [], keys: [] }),
    ],
  ])('%s', (_, run) => {
    expect(codeOf(run)).toBe('BEE_TRANSACTION_UNKNOWN')
  })
})

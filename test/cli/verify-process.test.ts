import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/canonical.ts'
import { verifyProcess } from '../../src/cli/verify-process.ts'
import type { LedgerRow, PublishedKey, ReadReply, StoredReceipt } from '../../src/ledger/index.ts'
import { ReceiptChain, type ReceiptDraft, type SigningKey } from '../../src/trust/index.ts'
import { digest, draft, keyNamed, NOW_MS } from '../trust/fixtures.ts'

const colony = 'hive'
const hive = keyNamed('hive')
const stranger = keyNamed('stranger')
const result = { greeting: 'Hello, Ada!' }
const stored = { greeting: 'Hello, Ada!', row: 7 }
const work: ReceiptDraft = {
  ...draft,
  output: digestOf(result),
  ledger: [{ id: '42', step: 1, output: digestOf(stored) }],
}
const row: LedgerRow = {
  ledger_id: '42',
  process: work.process,
  step: 1,
  bee: work.bee,
  task: work.task,
  key: null,
  input_digest: work.input,
  schema_hash: work.schema,
  executor: digest('executor'),
  fence: work.fence,
  output: stored,
  committed_at: '2026-01-02T03:04:04.300Z',
}

function receiptBy(key: SigningKey, changes: Partial<ReceiptDraft> = {}): StoredReceipt {
  const executor = digest('executor')
  const signed = new ReceiptChain({ key, colony, executor, now: () => NOW_MS }).sign({ ...work, ...changes })
  const { digest: own, jws, kid, seq, previous } = signed
  const ledger_ids = work.ledger.map(({ id }) => id)
  return {
    digest: own,
    jws,
    kid,
    seq,
    previous,
    colony,
    process: work.process,
    executor,
    outcome: 'applied',
    ledger_ids,
  }
}

function publishedAs(key: SigningKey, changes: Partial<PublishedKey> = {}): PublishedKey {
  const { kid, x } = key.publicJwk
  return { kid, x, use: 'receipt', not_before: '2026-01-01T00:00:00Z', not_after: null, ...changes }
}

const good: ReadReply = {
  process: work.process,
  revoked: false,
  rows: [row],
  receipts: [receiptBy(hive)],
  keys: [publishedAs(hive)],
}
const verdictOf = (changes: Partial<ReadReply> = {}, published: unknown = result) =>
  verifyProcess({ ...good, ...changes }, { colony, published })
const told = (verdict: ReturnType<typeof verifyProcess>) =>
  verdict.findings.map(({ code, message }) => `${code} ${message}`)

describe('the verdict on a process', () => {
  it('is good when receipt, row, key and result agree', () => {
    expect(verdictOf()).toMatchObject({ ok: true, findings: [], receipts: [{ process: work.process }] })
    expect(verdictOf({}, undefined).ok).toBe(true)
  })

  it('names a row that is not there', () => {
    expect(told(verdictOf({ rows: [] }))).toEqual(['BEE_RECEIPT_MISMATCH ledger row 42 is not there'])
  })

  it.each<[string, Partial<LedgerRow>, RegExp]>([
    ['output', { output: { ...stored, row: 8 } }, /^BEE_RECEIPT_MISMATCH ledger row 42, output: .*the receipt says/],
    ['input', { input_digest: digest('other') }, /^BEE_RECEIPT_MISMATCH ledger row 42, input: /],
    ['task', { task: 'another_task' }, /^BEE_RECEIPT_MISMATCH ledger row 42, task: the ledger says another_task/],
    ['step', { step: 2 }, /^BEE_RECEIPT_MISMATCH ledger row 42, step: the ledger says 2/],
  ])('names a row whose %s was changed', (_, changes, expected) => {
    const findings = told(verdictOf({ rows: [{ ...row, ...changes }] }))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatch(expected)
  })

  it('names a result that is not the one of the receipt', () => {
    expect(told(verdictOf({}, { greeting: 'Hello, Eve!' }))).toEqual([
      `BEE_RECEIPT_MISMATCH output: expected ${digestOf({ greeting: 'Hello, Eve!' })}, the receipt says ${work.output}`,
    ])
  })

  it('does not believe a receipt of a key that nobody published', () => {
    const verdict = verdictOf({ receipts: [receiptBy(stranger)] })
    expect(verdict.findings.map(({ code }) => code)).toContain('BEE_RECEIPT_KEY_UNKNOWN')
    expect(verdict.receipts).toEqual([])
  })

  it('does not take a key for submitters as one for receipts', () => {
    const verdict = verdictOf({ receipts: [receiptBy(stranger)], keys: [publishedAs(stranger, { use: 'task' })] })
    expect(verdict.findings.map(({ code }) => code)).toContain('BEE_RECEIPT_KEY_UNKNOWN')
  })

  it('does not believe a key after its end', () => {
    const verdict = verdictOf({ keys: [publishedAs(hive, { not_after: '2026-01-01T12:00:00Z' })] })
    expect(verdict.findings.map(({ code }) => code)).toContain('BEE_RECEIPT_KEY_NOT_VALID')
  })

  it('believes the ledger about nothing when only held keys count', () => {
    const forged = { receipts: [receiptBy(stranger)], keys: [publishedAs(stranger)] }
    expect(verdictOf(forged).ok).toBe(true)
    const heldOnly = verifyProcess({ ...good, ...forged, keys: [] }, { colony, heldKeys: [hive.trusted()] })
    expect(heldOnly.ok).toBe(false)
  })

  it('names a receipt that another process has lent, and one that was stored under another digest', () => {
    const foreign = receiptBy(hive, { process: digest('another process') })
    expect(verdictOf({ receipts: [foreign] }).ok).toBe(false)
    const moved = { ...receiptBy(hive), digest: digest('another receipt') }
    expect(told(verdictOf({ receipts: [moved] }))[0]).toMatch(/^BEE_RECEIPT_MISMATCH digest: /)
  })

  it('says that there is no receipt', () => {
    expect(told(verdictOf({ receipts: [] }))).toEqual([`BEE_RECEIPT_NOT_FOUND process ${work.process} has no receipt`])
  })
})

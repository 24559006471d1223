import { digestOf, sha256 } from '../canonical.ts'
import type { LedgerRow, ReadReply } from '../ledger/index.ts'
import { type Finding, publishedKey, type ReceiptClaims, type TrustedKey, verifyReceipt } from '../trust/index.ts'

/** What is known of one process, and what is wrong with it. */
export interface ProcessVerdict {
  readonly process: string
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** Claims of the genuine receipts, oldest first. */
  readonly receipts: readonly ReceiptClaims[]
}

/**
 * Does each receipt of a process verify, and does it speak of the very rows that are in the ledger?
 *
 * @param published the result as it stands at the broker, if it is known.
 */
export function verifyProcess(reply: ReadReply, extraKeys: readonly TrustedKey[], published?: unknown): ProcessVerdict {
  const keys = [...reply.keys.filter((key) => key.use === 'receipt').map(publishedKey), ...extraKeys]
  const findings: Finding[] = []
  const receipts: ReceiptClaims[] = []
  if (reply.receipts.length === 0) {
    findings.push(mismatch('BEE_RECEIPT_NOT_FOUND', `process ${reply.process} has no receipt`))
  }
  for (const stored of reply.receipts) {
    if (sha256(stored.jws) !== stored.digest) {
      findings.push(
        mismatch(
          'BEE_RECEIPT_MISMATCH',
          `digest: the ledger says ${stored.digest}, the receipt's is ${sha256(stored.jws)}`,
        ),
      )
    }
    const verdict = verifyReceipt(stored.jws, keys, { process: reply.process })
    if (!verdict.ok) {
      findings.push(...verdict.findings)
      continue
    }
    receipts.push(verdict.claims)
    findings.push(...compareWithRows(verdict.claims, reply.rows))
  }
  const last = receipts.at(-1)
  if (last !== undefined && published !== undefined && last.output !== null && last.output !== digestOf(published)) {
    findings.push(
      mismatch('BEE_RECEIPT_MISMATCH', `output: expected ${digestOf(published)}, the receipt says ${last.output}`),
    )
  }
  return { process: reply.process, ok: findings.length === 0, findings, receipts }
}

/** Each row that the receipt names must be there and say what the receipt was signed for. */
function compareWithRows(claims: ReceiptClaims, rows: readonly LedgerRow[]): readonly Finding[] {
  return claims.ledger.flatMap(({ id, step, output }) => {
    const row = rows.find((candidate) => candidate.ledger_id === id)
    if (row === undefined) return [mismatch('BEE_RECEIPT_MISMATCH', `ledger row ${id} is not there`)]
    const facts: readonly (readonly [string, unknown, unknown])[] = [
      ['step', row.step, step],
      ['output', digestOf(row.output), output],
      ['bee', row.bee, claims.bee],
      ['task', row.task, claims.task],
      ['input', row.input_digest, claims.input],
    ]
    return facts
      .filter(([, inLedger, inReceipt]) => inLedger !== inReceipt)
      .map(([name, inLedger, inReceipt]) =>
        mismatch(
          'BEE_RECEIPT_MISMATCH',
          `ledger row ${id}, ${name}: the ledger says ${inLedger}, the receipt says ${inReceipt}`,
        ),
      )
  })
}

function mismatch(code: 'BEE_RECEIPT_MISMATCH' | 'BEE_RECEIPT_NOT_FOUND', message: string): Finding {
  return { code, failure: 'terminal', message }
}

import { digestOf, sha256 } from '../canonical.ts'
import type { LedgerRow, ReadReply, StoredReceipt } from '../ledger/index.ts'
import {
  type Finding,
  publishedKey,
  type ReceiptClaims,
  type ReceiptExpectations,
  type TrustedKey,
  thumbprint,
  verifyReceipt,
} from '../trust/index.ts'

/** What is known of one process, and what is wrong with it. */
export interface ProcessVerdict {
  readonly process: string
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** Claims of the genuine receipts, oldest first. */
  readonly receipts: readonly ReceiptClaims[]
  /** Whose signature each of them bears. */
  readonly signers: readonly Signer[]
}

export interface Signer {
  readonly kid: string
  /** Where the key came from: `ledger` is only as good as whoever can write to the database. */
  readonly source: 'held' | 'ledger'
}

export interface VerifyProcessOptions {
  readonly colony: string
  /** Keys that are believed without asking the ledger. @default none */
  readonly heldKeys?: readonly TrustedKey[] | undefined
  /** The result as it stands at the broker, if it is known. */
  readonly published?: unknown
}

/**
 * Does each receipt of a process verify, does it speak of the very rows that are in the ledger, and is there a receipt
 * for every row?
 */
export function verifyProcess(reply: ReadReply, options: VerifyProcessOptions): ProcessVerdict {
  const { colony, heldKeys = [], published } = options
  // The ledger's key under a kid that is no thumbprint of it, or that is held here, would shadow the real one.
  const fromLedger = reply.keys.filter(({ use, kid, x }) => use === 'receipt' && kid === thumbprint(x))
  const keys = [...heldKeys, ...fromLedger.map(publishedKey)]
  const findings: Finding[] = []
  const receipts: ReceiptClaims[] = []
  const signers: Signer[] = []
  if (reply.receipts.length === 0) {
    findings.push(mismatch('BEE_RECEIPT_NOT_FOUND', `process ${reply.process} has no receipt`))
  }
  for (const stored of reply.receipts) {
    const digest = sha256(stored.jws)
    if (digest !== stored.digest) {
      const message = `digest: the ledger says ${stored.digest}, the receipt's is ${digest}`
      findings.push(mismatch('BEE_RECEIPT_MISMATCH', message))
    }
    const verdict = verifyReceipt(stored.jws, keys, expectationsOf(stored, reply.process, colony))
    if (!verdict.ok) {
      findings.push(...verdict.findings)
      continue
    }
    receipts.push(verdict.claims)
    signers.push({ kid: verdict.kid, source: heldKeys.some(({ kid }) => kid === verdict.kid) ? 'held' : 'ledger' })
    findings.push(...compareWithRows(verdict.claims, reply.rows))
  }
  if (receipts.length > 0) findings.push(...rowsWithoutReceipt(reply, receipts))
  const last = receipts.at(-1)
  if (last !== undefined && published !== undefined && last.output !== null && last.output !== digestOf(published)) {
    const message = `output: expected ${digestOf(published)}, the receipt says ${last.output}`
    findings.push(mismatch('BEE_RECEIPT_MISMATCH', message))
  }
  return { process: reply.process, ok: findings.length === 0, findings, receipts, signers }
}

/** What was asked for, and what the ledger says beside the receipt. */
function expectationsOf(stored: StoredReceipt, process: string, colony: string): ReceiptExpectations {
  const { executor, seq, previous, outcome } = stored
  return { colony, process, executor, seq, previous, outcome }
}

/** A hive signs for every row that it commits: a row that no receipt names was written by somebody else. */
function rowsWithoutReceipt({ process, rows }: ReadReply, receipts: readonly ReceiptClaims[]): readonly Finding[] {
  const named = new Set(receipts.flatMap(({ ledger }) => ledger.map(({ id }) => id)))
  return rows
    .filter((row) => row.process === process && !named.has(row.ledger_id))
    .map((row) =>
      mismatch('BEE_RECEIPT_MISMATCH', `ledger row ${row.ledger_id} (step ${row.step}): no receipt speaks of it`),
    )
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

import { sha256 } from '../canonical.ts'
import { finding } from './check-receipt.ts'
import type { Finding, ReceiptClaims, TrustedKey } from './types.ts'
import { verifyReceipt } from './verify-receipt.ts'

export interface VerifyChainOptions {
  /** Accept a part of a chain, which need not begin at seq 1. @default false */
  readonly part?: boolean | undefined
}

export type ChainVerdict =
  | { readonly ok: true; readonly claims: readonly ReceiptClaims[] }
  | { readonly ok: false; readonly findings: readonly Finding[] }

/**
 * Verifies the receipts of one executor in the order of `seq`: each by itself, and that each follows the one before.
 * What a chain cannot show is a receipt cut off at its end.
 *
 * @returns the findings of single receipts, prefixed with their place, and BEE_RECEIPT_CHAIN_BROKEN for each bad link.
 */
export function verifyChain(
  receipts: readonly string[],
  keys: readonly TrustedKey[],
  options: VerifyChainOptions = {},
): ChainVerdict {
  const findings: Finding[] = []
  const claims: ReceiptClaims[] = []
  let before: Link | undefined = options.part === true ? undefined : { seq: 0, digest: null }
  for (const [index, jws] of receipts.entries()) {
    const place = `receipt ${index + 1} of ${receipts.length}`
    const verdict = verifyReceipt(jws, keys)
    if (!verdict.ok) {
      findings.push(...verdict.findings.map((found) => ({ ...found, message: `${place}: ${found.message}` })))
      // Nothing that it says can be believed, so the next one is only compared with its bytes.
      before = { digest: sha256(jws) }
      continue
    }
    const problem = before === undefined ? undefined : linkProblem(before, verdict.claims, claims[0])
    if (problem !== undefined) findings.push(finding('BEE_RECEIPT_CHAIN_BROKEN', `${place}: ${problem}`))
    claims.push(verdict.claims)
    before = { seq: verdict.claims.seq, digest: sha256(jws) }
  }
  return findings.length === 0 ? { ok: true, claims } : { ok: false, findings }
}

interface Link {
  readonly seq?: number
  readonly digest: string | null
}

function linkProblem(before: Link, claims: ReceiptClaims, first: ReceiptClaims | undefined): string | undefined {
  if (first !== undefined && (claims.executor !== first.executor || claims.colony !== first.colony)) {
    return `expected executor ${first.executor} of ${first.colony}, received ${claims.executor} of ${claims.colony}`
  }
  const named = `seq ${claims.seq} (process ${claims.process})`
  if (before.seq !== undefined && claims.seq !== before.seq + 1)
    return `expected seq ${before.seq + 1}, received ${named}`
  if (claims.previous === before.digest) return undefined
  return `${named} follows ${claims.previous ?? 'nothing'}, but the receipt before it has the digest ${before.digest ?? 'none'}`
}
